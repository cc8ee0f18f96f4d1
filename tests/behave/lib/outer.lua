-- Its globals are those of the module behind it.
require "declaring"
return declared
