-- Waits of every kind that need no function.

local a = value "test.a"
local both = compose { a = a, b = AsyncValue(1) }

nursery(function(n)
	n:start(function() a:wait_value(3) end)
	n:start(function() a:wait_value(gt(4), { held_for = 0.5 }) end)
	n:start(function() a:wait_transition(changed) end)
	n:start(function() held_for(a, between(5, 9), 1):wait_value(true) end)
	n:start(function() hysteresis(a, 2, 7):wait_value(is_true) end)
	n:start(function() expr("test.a > 5 and test.a < 8"):wait_value(is_true) end)
	n:start(function() choose { { a, outside(-1, 6) }, 100 } end)
	n:start(function() both:wait_transition() end)
	n:start(function() for x in a:eventual_values(ge(0)) do if x == 8 then break end end end)
	n:start(function() for new in a:transitions(le(9), { queue = 4 }) do if new == 9 then break end end end)
end)
