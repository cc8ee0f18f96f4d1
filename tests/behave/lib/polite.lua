-- Waits that end when this script is asked to come to an end, and what it does with the grace.
local v = AsyncValue(0)

nursery(function(n)
	n:start(function()
		print("wait", v:wait_value(1, { soft = true }))
		sleep(0.5)
		print("farewell", cancelling(), now())
	end)
	n:start(function() print("edge", v:wait_transition(changed, { soft = true, timeout = 9 })) end)
	n:start(function()
		for _ in v:transitions(changed, { soft = true }) do print "a change" end
		print "no more changes"
	end)
	n:start(function()
		for x in v:eventual_values(ge(0), { soft = true }) do print("eventual", x) end
		print "no more values"
	end)
	n:start(function() print("hard", v:wait_value(1)) end)
end)
print "not reached"
