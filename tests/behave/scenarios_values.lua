-- Worked examples of values, events and loops. Each is a name, and what shall come of it.

local function expect(name, got, want)
	print(name, got == want and "as it should" or ("%s, not %s"):format(got, want))
end

-- What the tasks of an example told, as one line.
local function told(fn)
	local lines = {}
	local function tell(...)
		local parts = {}
		for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
		lines[#lines + 1] = table.concat(parts, " ")
	end
	nursery(function(n) fn(n, tell) end)
	return table.concat(lines, "; ")
end

expect("AV-1 V9 V11: wait for a value, a transition, null", told(function(n, tell)
	local v = AsyncValue(10)
	v.value = 20
	n:start(function() tell("a", v:wait_value(20)) end)
	n:start(function() tell("b", v:wait_value(gt(20))) end)
	n:start(function()
		v:wait_value(gt(20))
		tell("c", v:wait_transition())
	end)
	n:start(function()
		tell("d", v:wait_transition(function(new, old) return new == null and old ~= null end))
	end)
	n:start(function() tell("e", v:wait_value(function(x) return x ~= null and x > 50 end), v.value) end)
	sleep(1)
	v.value = 21
	sleep(1)
	v.value = 30
	sleep(1)
	v.value = null
	v.value = 51
	v.value = 0
end), "a 20; b 21; c 30 21; d null 30; e 51 0")

expect("AV-2: a value in print", told(function(_, tell)
	tell(AsyncValue(10), AsyncValue(), AsyncValue { 1, "x" }, expr "1 + 1")
end), 'AsyncValue(10) AsyncValue(unset) AsyncValue([1, "x"]) AsyncValue(2)')

expect("AV-4 V18: a cancelled wait looks no more", told(function(n, tell)
	local v, looks = AsyncValue(10), 0
	local function never() looks = looks + 1 return false end
	local function always() looks = looks + 1 return true end
	local waits = {
		n:start(function() v:wait_value(never) end),
		n:start(function() v:wait_value(always, { held_for = 1 }) end),
		n:start(function() v:wait_transition(never) end),
	}
	sleep(0.1)
	for _, task in ipairs(waits) do task:cancel() end
	sleep(0)
	local before = looks
	v.value = 11
	sleep(0)
	tell(before, looks)
end), "2 2")

expect("AV-5 V9: wait for what it is, and for what it will be", told(function(n, tell)
	local v = AsyncValue(10)
	tell(v:wait_value(10))
	n:start(function() tell(v:wait_value(12)) end)
	sleep(1)
	v.value = 12
end), "10; 12")

expect("AV-6 V11: a transition is never the present value", told(function(n, tell)
	local v = AsyncValue(10)
	n:start(function() tell(v:wait_transition(10)) end)
	sleep(1)
	v.value = 9
	v.value = 10
end), "10 9")

-- Transitions: those during the body are dropped.
for _, example in ipairs {
	{ body = 0, sets = { { 0, 1 }, { 0.1, 2 }, { 0.2, 3 } }, want = "1 0; 2 1; 3 2" },
	{ body = 1, sets = { { 0, 1 }, { 0.9, 2 }, { 1.8, 3 } }, want = "1 0; 3 2" },
	{ body = 0, sets = { { 0, 1 }, { 0.1, 2 }, { 0.2, 3 }, { 0.2, 4 } }, want = "1 0; 2 1; 3 2" },
	{ body = 0, queue = 4, sets = { { 0, 1 }, { 0, 2 }, { 0, 3 } }, want = "1 0; 2 1; 3 2" },
	{ body = 1, queue = 1, sets = { { 0, 1 }, { 0.1, 2 }, { 0.2, 3 } }, want = "1 0; 3 2" },
} do
	expect("AV-10 V12: transitions with a body of " .. example.body .. " s", told(function(n, tell)
		local v, began = AsyncValue(0), now()
		n:service(function()
			for new, old in v:transitions(nil, { queue = example.queue }) do
				tell(new, old)
				sleep(example.body)
			end
		end)
		sleep(0)
		for _, set in ipairs(example.sets) do
			sleep_until(began + set[1])
			v.value = set[2]
		end
		sleep(3)
	end), example.want)
end

expect("AV-11 V12: several at once", told(function(n, tell)
	local v = AsyncValue(0)
	n:service(function() for new, old in v:transitions() do tell("A", new, old) end end)
	n:start(function() tell("B", v:wait_transition(2)) end)
	n:start(function() tell("C", v:wait_transition(2)) end)
	sleep(0)
	for i = 1, 4 do
		v.value = i
		sleep(0.1)
	end
end), "A 1 0; B 2 1; C 2 1; A 2 1; A 3 2; A 4 3")

expect("AV-12 V14: a transform follows at once", told(function(_, tell)
	local v = AsyncValue(1)
	local twice = v:transform(function(x) return x * 2 end)
	tell(twice.value)
	v.value = 10
	tell(twice.value)
end), "2; 20")

-- Compositions are one consistent picture.
expect("CV-1 V3: a composition", told(function(n, tell)
	local x, y = AsyncValue(42), AsyncValue(0)
	local both = compose { x = x, y = y }
	local seen = both:wait_value(function(c) return c.x == 42 and c.y == 0 end)
	tell(seen.x, seen.y)
	n:start(function()
		local c = both:wait_value(function(c) return c.x < 0 and 0 < c.y end)
		tell(c.x, c.y)
	end)
	sleep(0)
	x.value = -1
	sleep(0)
	batch(function() x.value = 0 y.value = 5 end)
	sleep(0)
	y.value = 10
	x.value = -1
end), "42 0; -1 10")

for _, wrong in ipairs { {}, { AsyncValue(1) }, { x = 1 } } do
	print("compose", pcall(compose, wrong))
end

expect("CV-3 V14: a composition of a composition", told(function(n, tell)
	local x, y, text = AsyncValue(1), AsyncValue(2), AsyncValue "foo"
	local all = compose { xy = compose { x = x, y = y }, text = text }
	tell(all.value.xy.x, all.value.xy.y, all.value.text)
	n:start(function()
		local c = all:wait_value(function(c) return c.xy.x < 0 and 0 < c.xy.y and c.text == "bar" end)
		tell(c.xy.x, c.xy.y, c.text)
	end)
	sleep(0)
	x.value = -1
	y.value = 10
	sleep(0)
	text.value = "bar"
end), "1 2 foo; -1 10 bar")

expect("CV-4 V14: a composition with a transform", told(function(_, tell)
	local x, y = AsyncValue(42), AsyncValue(2)
	local product = compose { x = x, y = y, transform = function(c) return c.x * c.y end }
	tell(product.value)
	y.value = 10
	tell(product.value)
end), "84; 420")

-- Periodic loops keep to their grid.
for _, example in ipairs {
	{ body = 0.125, want = "0.0 nil 0; 1.5 1.5 0; 3.0 1.5 0; 4.5 1.5 0" },
	{ body = 5, want = "0.0 nil 0; 6.0 6.0 3; 12.0 6.0 3; 18.0 6.0 3" },
	{ body = 5, overrun = "reset", want = "0.0 nil 0; 5.0 5.0 0; 10.0 5.0 0; 15.0 5.0 0" },
	{ body = 2, overrun = "burst", want = "0.0 nil 0; 1.5 1.5 0; 3.0 1.5 0; 4.5 1.5 0" },
} do
	expect("PE-1 PE-2 P1: periodic with a body of " .. example.body .. " s", told(function(_, tell)
		local turns = 0
		for elapsed, delta, missed in periodic(1.5, example.overrun) do
			tell(elapsed, delta, missed)
			turns = turns + 1
			if turns == 4 then break end
			sleep(example.body)
		end
	end), example.want)
end

-- Events: what happened before does not count.
expect("RE-1 P2: an event", told(function(n, tell)
	local e = Event()
	e:set()
	tell(move_on_after(1, function() e:wait() end))
	n:start(function() e:wait() tell "told" end)
	sleep(0)
	e:set()
end), "false; told")

expect("RE-3 P2: events during the body are one more turn", told(function(n, tell)
	local e, began = Event(), now()
	local counts = { 0, 0 }
	local function listen(i, body)
		for _ in e:events() do
			counts[i] = counts[i] + 1
			sleep(body)
		end
	end
	local function show() sleep(0.001) tell(counts[1], counts[2]) end
	e:set()
	n:service(listen, 1, 0)
	n:service(listen, 2, 2)
	show()
	e:set()
	show()
	sleep_until(began + 1.5)
	e:set()
	show()
	sleep_until(began + 2.1)
	show()
	e:set()
	e:set()
	sleep_until(began + 5)
	show()
end), "0 0; 1 1; 2 1; 2 2; 3 3")

expect("RE-4 P2: events that repeat the last", told(function(_, tell)
	local e = Event()
	for _ in e:events { repeat_last = true } do tell "at once" break end
	e:set()
	tell(move_on_after(1, function() for _ in e:events() do break end end))
	for _ in e:events { repeat_last = true } do tell "at once" break end
end), "at once; false; at once")

expect("AV-7 V5: one look for each waiter", told(function(n, tell)
	local v, looks = AsyncValue(0), 0
	local function never() looks = looks + 1 return false end
	for _ = 1, 2 do n:service(function() v:wait_value(never) end) end
	sleep(1)
	looks = 0
	v.value = 1
	tell(looks)
end), "2")

expect("AB-1: false is a value to wait for", told(function(_, tell)
	tell(AsyncValue(false):wait_value(false), AsyncValue(false):wait_value(is_false))
end), "false false")

expect("V1: times, version, state", told(function(_, tell)
	local v = AsyncValue()
	tell(v.value, v.age, v.since, v.state, v.version, v.unit == "")
	v.value = 1
	sleep(1)
	v.value = 1
	sleep(2)
	tell(v.age, v.since, v.state, v.version)
	v:close()
	tell(v.value, v.state)
end), "nil nil nil unset 0 true; 2.0 3.0 ok 1; 1 closed")

expect("V9: still, for an instant", told(function(n, tell)
	local v = AsyncValue(0)
	n:start(function() tell("plain", v:wait_value(7)) end)
	n:start(function() tell("still", v:wait_value(7, { still = true, timeout = 2 })) end)
	sleep(1)
	v.value = 7
	v.value = 0
end), "plain 7; still nil timeout")

expect("P5: held_for and hysteresis, exact to the transaction", told(function(n, tell)
	local v = AsyncValue(0)
	local held, high = held_for(v, gt(5), 1), hysteresis(v, 2, 5)
	n:service(function() for x in held:transitions(nil, { queue = 9 }) do tell("held", x, now() % 10) end end)
	sleep_until(math.ceil(now() / 10) * 10)
	v.value = 5
	tell(high.value, held.value)
	v.value = 6
	sleep(1.5)
	v.value = 2
	tell(high.value, held.value)
	sleep(0.5)
end), "true false; held true 1.0; false false; held false 1.5")
