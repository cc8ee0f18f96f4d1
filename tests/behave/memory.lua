-- The heap limit is an error like another, and the script goes on.

local ok, err = pcall(function()
	local t = {}
	for i = 1, 1e9 do t[i] = { i } end
end)
print(ok, err.message, err.kind)
print(pcall(function() return #("x"):rep(3e6):rep(3) end))
nursery(function(n)
	n:start(function()
		local all = {}
		print(pcall(function() while true do all[#all + 1] = ("x"):rep(1000 + #all) sleep(0) end end))
	end)
end)
print("still here", now())
-- What was being made when memory ended is garbage, and does not stand in the way.
pcall(function() local t = {} while true do t[#t + 1] = ("x"):rep(1000 + #t) end end)
print(#("x"):rep(1e5))
for _ = 1, 20 do
	local long = ("x"):rep(1500000)
	sleep(0)
end

-- Data lie outside of Lua's heap and count in the limit all the same: of values, comparisons, queues.
local function fill(what, make)
	local kept, n = {}, 0
	local ok, err = pcall(function()
		while n < 1000 do
			kept[n + 1] = make(("x"):rep(1e5) .. n)
			n = n + 1
			sleep(0)
		end
	end)
	kept = nil
	collectgarbage() -- functions of transforms go after these
	collectgarbage()
	print(what, ok, err.message, err.kind, n > 15 and n < 60, collectgarbage("count") < 200)
end
fill("values", AsyncValue)
fill("derived", function(x) return AsyncValue(1):transform(function() return x .. 1 end) end)
fill("tables", function(x) return AsyncValue { { x } } end)
fill("comparisons", eq)
fill("queues", function(x)
	return select(2, AsyncValue(0):transitions(nil, { queue = 1024 }))
end)

-- What nobody holds any more does not.
for i = 1, 200 do
	AsyncValue(("x"):rep(1e5) .. i)
	eq(("x"):rep(1e5) .. i)
	sleep(0)
end
local busy = AsyncValue(0)
for i = 1, 200 do
	busy.value = ("x"):rep(1e5) .. i
	sleep(0)
end
busy.value = 0

-- Nor what a queue has kept, when its loop has ended.
local source = AsyncValue(0)
for round = 1, 2 do
	nursery(function(n)
		n:start(function()
			for new in source:transitions(nil, { queue = 100 }) do sleep(9) end
		end)
		sleep(0)
		print(pcall(function()
			for i = 1, 60 do source.value = ("x"):rep(1e5) .. i sleep(0) end
		end))
		n:cancel()
	end)
end
