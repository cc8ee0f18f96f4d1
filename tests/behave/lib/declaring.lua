-- Declares a global for who requires it, and misspells one itself.
require "greeting"

function declared() return "declared" end

local function never_called() return tostrign(1) end
return never_called
