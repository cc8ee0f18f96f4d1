-- The first of several things; exactly one takes effect.

local touched, distance = AsyncValue(false), AsyncValue(9)
local jobs = channel(4)

local function wait(n)
	for _ = 1, n do
		print(now(), choose {
			touched = touched,
			near = { distance, lt(1) },
			job = jobs,
			late = 5,
		})
	end
end

nursery(function(n)
	n:start(wait, 5)
	sleep(1)
	jobs:send "first"
	sleep(1)
	distance.value = 0.5
	distance.value = 7 -- it was near for an instant: that is what is told
	sleep(6) -- 5 s pass without anything
	batch(function() distance.value = 0.1 touched.value = true end)
	sleep(0)
	touched.value = false
	distance.value = 9
	jobs:send "second"
end)

-- What can happen at once: numbered cases in their order, then named ones in theirs.
touched.value = true
jobs:send "third"
print(choose { jobs, touched })
print(choose { touched, jobs })
print(choose { b = touched, a = jobs, late = 0 })
print("left in the channel", choose { jobs, 0 })

-- The end of a task, with its results; its error; its cancellation.
nursery(function(n)
	local task = n:start(function() sleep(1) return "result", 2 end)
	print(choose { done = task, late = 5 })
	print(choose { done = task })
	local napper = n:start(sleep, 99)
	print(choose { done = napper, late = 1 })
	napper:cancel()
	print(choose { done = napper })
end)
print(pcall(nursery, function(n)
	choose { n:start(error, "it failed", 0) }
end))

-- What closes.
jobs:close()
print(choose { jobs })
touched:close()
print(choose { touched, { distance, 9 } })

-- Cancellation takes everything back.
print(move_on_after(1, choose, { { distance, gt(100) }, 50 }))
distance.value = 200

-- A predicate that sets what another case waits for.
local a = AsyncValue(0)
local b = AsyncValue(0)
print(choose { { a, 1 }, { b, function() a.value = 1 return false end } })

for _, wrong in ipairs {
	{}, { 1, "two" }, { [true] = 1 }, { x = {} }, { { distance, 1, { held_for = 2 } } }, { -1 },
	{ { distance, function(x) return x.y.z end } },
} do
	print(pcall(choose, wrong))
end

-- N7: to send is a case too; what is not chosen sends nothing.
local out = channel(1)
print(choose { out = { out, send = "one" }, late = 1 })
print(choose { out = { out, send = "two" }, late = 1 })
print(out:receive(), choose { out, 0 })
nursery(function(n)
	n:start(function() sleep(1) print("received", out:receive()) end)
	n:start(function() sleep(2) print("received", out:receive()) end)
	out:send "first"
	print(choose { out = { out, send = "second" }, late = 5 })
end)
nursery(function(n)
	n:start(function() sleep(1) out:close() end)
	out:send "full"
	print(choose { out = { out, send = 1 }, late = 5 })
end)
print(move_on_after(1, choose, { { channel(), send = 1 } }))

-- An event: what was set before does not count.
local knock = Event()
knock:set()
nursery(function(n)
	n:start(function() sleep(1) knock:set() end)
	print(choose { knock = knock, late = 5 })
	print(choose { knock = knock, late = 5 })
end)

for _, wrong in ipairs {
	{ { distance, 1, fresh = 2 } }, { { distance, 1, {}, 4 } }, { { out } }, { { out, snd = 1 } }, { { out, 5 } },
	{ { knock } }, { { out, send = nil } },
} do
	print(pcall(choose, wrong))
end
local many = {}
for i = 1, 17 do many[i] = i end
print(pcall(choose, many))
