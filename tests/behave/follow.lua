-- Values that follow others in the course of time.

local x, on = AsyncValue(0), AsyncValue(false)
local high = held_for(x, gt(10), 1)
local level = ramp(on, { rise = 1, fall = 0.5 })

nursery(function(n)
	n:service(function()
		for v in high:eventual_values() do print("high", v, now()) end
	end)
	x.value = 20
	sleep(0.6)
	x.value = 5    -- too short
	x.value = 30
	sleep(0.9)
	x.value = 40   -- changes inside do not matter
	sleep(0.6)
	x.value = 1
	sleep(1)
end)

on.value = true
print(level:wait_value(ge(0.5)) < 0.53, now())
print(level:wait_value(1), now())
on.value = false
print(level:wait_value(0), now())

print(pcall(function() high.value = true end))
x:close()
print(high.state, high:wait_value(true))
held_for(on, function(v) return v end, 5)   -- nobody keeps it
collectgarbage()
on.value = true
sleep(10)
