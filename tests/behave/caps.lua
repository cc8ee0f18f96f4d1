-- S6: how much one script may have; what exceeds it is an error for the call that does.

local function fill(what, make)
	local kept = {}
	for i = 1, 2000 do
		local ok, x = pcall(make, i)
		if not ok then
			print(what, i - 1, x.message:match "more than.*")
			return
		end
		kept[i] = x
	end
	print(what, "no end")
end

fill("values", function() return AsyncValue(0) end)
fill("derived", function() return AsyncValue(0):transform(function(x) return x end) end)
local on = AsyncValue(true)
fill("held_for", function() return held_for(on, true, 1) end)
fill("ramp", function() return ramp(on, { rise = 1 }) end)
fill("loops", function()
	local _, state = on:transitions()
	return state
end)
fill("eventual", function()
	local _, state = on:eventual_values()
	return state
end)
nursery(function(n)
	fill("tasks", function() return n:start(sleep, 1) end)
end)
local cases = {}
for i = 1, 16 do cases[i] = { on, false } end
local function wait_or_tell(what, n, wait, ...)
	local ok, err = pcall(wait, ...)
	if not ok then
		print(what, err.message:match "more than.*")
		n:cancel "told"
	end
end
nursery(function(n)
	for _ = 1, 1024 // 16 do n:start(wait_or_tell, "cases", n, choose, cases) end
	n:start(wait_or_tell, "choose", n, choose, cases)
end)
nursery(function(n)
	for _ = 1, 1024 // 16 do n:start(wait_or_tell, "cases", n, choose, cases) end
	n:start(wait_or_tell, "wait", n, on.wait_value, on, false)
end)
print("waits have ended", on:wait_value(false, { timeout = 1 }))

local function nest(depth) return depth == 0 and sleep(1) or move_on_after(2, nest, depth - 1) end
nursery(function(n)
	for _ = 1, 512 // 64 do n:start(wait_or_tell, "nested", n, nest, 64) end
	n:start(wait_or_tell, "deadline", n, fail_after, 1, sleep, 1)
end)
print("deadlines have ended", fail_after(2, function() return "in time" end))

local function work() return worker("while true do end") end
nursery(function(n)
	for _ = 1, 5 do n:start(wait_or_tell, "workers", n, work) end
end)
fill("lines", function() log.debug "chatter" return 1 end)
sleep(1)
log.debug "a second later"
print(pcall(channel, 5000))
fill("places", function() return channel(4096) end)

-- Garbage does not count, nor does what has ended.
for _ = 1, 5000 do
	local v = held_for(AsyncValue(0), 1, 1)
	for _ in v:eventual_values() do break end
end
print "no garbage"
