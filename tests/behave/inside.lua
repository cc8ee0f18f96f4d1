-- What predicates and transforms may do, and what becomes of those that do more: an error for that script, with
-- its place, and all others untouched.

local function wrong(...) print(select(2, pcall(...))) end
local v = AsyncValue(0)
local kept

-- V5: they must not wait
for _, wait in ipairs {
	function() sleep(1) end,
	function() v:wait_value(1) end,
	function() v:wait_transition() end,
	function() for _ in v:transitions() do end end,
	function() nursery(print) end,
	function() channel():receive() end,
	function() choose { 1 } end,
	function() Event():wait() end,
	function() move_on_after(1, sleep, 2) end,
	function() worker "return 1" end,
	function() shield(1, print) end,
	function() kept:start(print) end,
	function() return cancelling() end,
} do
	nursery(function(n)
		kept = n
		wrong(v.wait_value, v, wait, { timeout = 1 })
	end)
end
wrong(batch, function() v:wait_value(1) end)

-- The same where no task has made the transaction, but the time that has passed
local held = held_for(v, 0, 1)
local inside = held:transform(function(x)
	local _, err = pcall(move_on_after, 1, print)
	return x and tostring(err) .. tostring(cancelling()) or "not yet"
end)
print(inside.value)
sleep(2)
print(inside.value)

-- V5: nor make derived values
wrong(v.wait_value, v, function() v:transform(print) end)
wrong(v.wait_value, v, function() compose { v = v } end)
wrong(v.wait_value, v, function() held_for(v, 1, 1) end)

-- V5: a budget of 20,000 instructions, for a predicate and for a transform; pcall does not help
wrong(v.wait_value, v, function() while true do end end)
wrong(v.wait_value, v, function() while true do pcall(function() while true do end end) end end)
wrong(v.wait_value, v, function() return ("x"):rep(1e5):find(("x*"):rep(20) .. "y") end)
local spins = v:transform(function(x) while x > 0 do end return x end)
v.value = 1
print(spins.value, v.value)
v.value = 0

-- V6: who fails, fails alone
nursery(function(n)
	for i, p in ipairs {
		function(x) if x > 0 then error "mine" end end,
		function(x) if x > 0 then local t = nil; return t.x end end,
		function(x) if x > 0 then error { code = 1 } end end,
		function(x) while x > 0 do end end,
	} do
		n:start(function() print(i, pcall(v.wait_value, v, p)) end)
	end
	n:start(function() print("untouched", v:wait_value(gt(0))) end)
	sleep(1)
	v.value = 5
	print("the setter goes on")
end)

-- V5: a set inside follows as a transaction of its own; so does a batch
local seen, w = {}, AsyncValue(0)
local sum = compose { v = v, w = w, transform = function(t) return t.v + t.w end }
nursery(function(n)
	n:service(function() for new in sum:transitions(changed, { queue = 9 }) do seen[#seen + 1] = new end end)
	n:start(function()
		v:wait_value(function(x)
			if x == 6 then w.value = 10 w.value = 20 end
			if x == 7 then batch(function() w.value = 30 v.value = 100 end) end
			return x == 100
		end)
	end)
	sleep(1)
	v.value = 6   -- 6, then 16, then 26
	sleep(1)
	v.value = 7   -- 27, then 130
	sleep(1)
end)
print(table.concat(seen, " "))

-- V5: once for each waiter and set
local looks = 0
nursery(function(n)
	for _ = 1, 3 do
		n:start(function() v:wait_value(function(x) looks = looks + 1 return x == "end" end) end)
	end
	sleep(1)
	looks = 0
	v.value = 1
	v.value = 2
	print("looks", looks)
	v.value = "end"
end)

-- V5: predicates that set without an end are stopped
local ping = AsyncValue(0)
nursery(function(n)
	n:start(function()
		print("endless", pcall(ping.wait_value, ping, function(x)
			if x > 0 then ping.value = x + 1 end
			return false
		end))
	end)
	sleep(1)
	ping.value = 1
	print("it was stopped", ping.value > 100)
end)

-- V14 V1: what a script may not set
local on = AsyncValue(true)
for name, derived in pairs {
	compose = sum,
	expr = expr "imu.rate > 5",
	held_for = held_for(v, 1, 1),
	hysteresis = hysteresis(v, 1, 2),
	ramp = ramp(on, { rise = 1 }),
	transform = spins,
} do
	local ok, err = pcall(function() derived.value = 1 end)
	print(name, err)
	print(name, select(2, pcall(derived.close, derived)))
end
wrong(function() value("imu.rate").value = 1 end)
wrong(function() value("imu.rate"):close() end)
wrong(function() v.value = nil end)
wrong(function() v.value = print end)
wrong(function() v.value = { [1.5] = 1 } end)
v:close()
wrong(function() v.value = 1 end)
wrong(function() v:transform(print) end)
