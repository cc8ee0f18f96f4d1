-- How much one script may have; what exceeds it is an error for the call that does.

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
fill("lines", function() log.debug "chatter" return 1 end)
sleep(1)
log.debug "a second later"
print(pcall(channel, 5000))

-- Garbage does not count, nor does what has ended.
for _ = 1, 5000 do
	local v = held_for(AsyncValue(0), 1, 1)
	for _ in v:eventual_values() do break end
end
print "no garbage"
