-- Worked examples of nurseries, scopes and combinators. Each is a name, and what shall come of it.

local function expect(name, got, want)
	print(name, got == want and "as it should" or ("%s, not %s"):format(got, want))
end

-- What the tasks of an example told, and the error it ended with, as one line.
local function told(fn)
	local lines = {}
	local function tell(...)
		local parts = {}
		for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
		lines[#lines + 1] = table.concat(parts, " ")
	end
	local ok, err = pcall(nursery, function(n) fn(n, tell) end)
	if not ok then
		tell("error", err)
		for _, other in ipairs(err.errors) do tell("with", other) end
	end
	return table.concat(lines, "; ")
end

local function fail(text) error(text, 0) end
local function closing(fn) return setmetatable({}, { __close = fn }) end

-- move_on_when
expect("MW-1 P4: the body ends first", told(function(_, tell)
	local e = Event()
	tell(move_on_when(function() e:wait() end, function() return "result", 2 end))
end), "true result 2")

expect("MW-1 P4: what is waited for comes first", told(function(n, tell)
	local e, began = Event(), now()
	n:start(function() sleep(1) e:set() end)
	tell(move_on_when(function() e:wait() end, function() sleep(99) end), now() - began)
end), "false 1.0")

expect("MW-2 P4: a deadline inside", told(function(_, tell)
	local began = now()
	tell(move_on_after(1, move_on_when, function() sleep(99) end, function() sleep(99) end), now() - began)
end), "false 1.0")

-- A service is cancelled when the rest has ended.
expect("RC-1 RC-2 N6: a service runs beside the body", told(function(n, tell)
	nursery(function(m)
		m:service(function()
			tell "started"
			local c <close> = closing(function() tell "cancelled" end)
			sleep(99)
		end)
	end)
	nursery(function(m)
		m:service(sleep, 1)
		sleep(2)
		tell "body ends"
	end)
end), "started; cancelled; body ends")

expect("WA-1 N7: wait_all", told(function(_, tell)
	local began, count = now(), 0
	wait_all(function() sleep(1) count = count + 1 end, function() sleep(2) count = count + 1 end)
	tell(count, now() - began)
end), "2 2.0")

expect("WY-1 N7: wait_any", told(function(_, tell)
	local began, count = now(), 0
	local first = wait_any(function() sleep(2) count = count + 1 end, function() sleep(1) count = count + 1 end)
	tell(first, count, now() - began)
	tell(wait_any(function() sleep(1) return "a" end, function() sleep(1) return "b" end))
end), "2 1 1.0; 1 a")

-- Errors have one shape: the first in time, with the others attached.
expect("B-2: an error of the body", told(function() fail "V" end), "error V")
expect("B-3: an error of a child", told(function(n) n:start(fail, "V") end), "error V")
expect("B-4: body and child", told(function(n)
	n:start(fail, "V")
	local c <close> = closing(function() fail "K" end)
	sleep(99)
end), "error V; with K")
expect("B-5: two children", told(function(n)
	n:start(fail, "K")
	n:start(fail, "V")
	sleep(99)
end), "error K; with V")
expect("B-6: a child wakes the body", told(function(n, tell)
	local c <close> = closing(function() tell "woken" end)
	n:start(fail, "V")
	sleep(99)
end), "woken; error V")
expect("B-7: a child that spins", told(function(n, tell)
	n:start(function()
		local c <close> = closing(function() tell "cancelled" end)
		while true do sleep(0) end
	end)
	n:start(function()
		for _ = 1, 3 do sleep(0) end
		fail "V"
	end)
end), "cancelled; error V")
expect("N3: groups of groups", told(function(n)
	n:start(function()
		nursery(function(m)
			m:start(fail, "a")
			m:start(fail, "b")
		end)
	end)
	local c <close> = closing(function() fail "c" end)
	sleep(99)
end), "error a; with b; with c")
expect("N5: an error that is joined counts once", told(function(n)
	local t = n:start(fail, "V")
	t:join()
end), "error V")
expect("B-2: the very object", told(function(_, tell)
	local mine = select(2, pcall(fail, "mine"))
	local _, err = pcall(nursery, function(n) n:start(error, mine) end)
	tell(err == mine)
end), "true")

-- Order
expect("B-8 R3: first in, first out", told(function(n, tell)
	for _, name in ipairs { "a", "b" } do
		n:start(function()
			for i = 0, 2 do
				tell(name .. i)
				sleep(0)
			end
		end)
	end
end), "a0; b0; a1; b1; a2; b2")

-- Cancellation is a level
expect("B-10 C2: every wait in a cancelled scope ends", told(function(_, tell)
	tell(move_on_after(0, function()
		local a <close> = closing(function() tell("second", pcall(sleep, 99)) end)
		local b <close> = closing(function() tell "first" sleep(99) end)
		sleep(99)
	end))
end), "first; false")
expect("B-12 N4: a task in a cancelled nursery runs to its first wait", told(function(n, tell)
	nursery(function(m)
		m:cancel()
		m:start(function()
			tell "started"
			sleep(0)
			tell "not reached"
		end)
	end)
end), "started")
expect("B-14: grandchildren", told(function(_, tell)
	local count = 0
	nursery(function(n)
		for _ = 1, 2 do
			n:start(function()
				nursery(function(m)
					for _ = 1, 2 do
						m:start(function()
							local c <close> = closing(function() count = count + 1 end)
							sleep(99)
						end)
					end
				end)
			end)
		end
		sleep(1)
		n:cancel()
	end)
	tell(count)
end), "4")
expect("B-30 C7: a shield", told(function(_, tell)
	local began = now()
	tell(move_on_after(1, function()
		shield(3, function()
			sleep(2)
			tell("shielded", now() - began)
		end)
		sleep(99)
	end), now() - began)
end), "shielded 2.0; false 2.0")
expect("B-25: a deadline that passed during computation", told(function(_, tell)
	tell(move_on_after(1, function()
		shield(9, sleep, 2)
		sleep(0)
		tell "not reached"
	end))
end), "false")
expect("B-30 C4: the inner deadline is the outer one's", told(function(_, tell)
	local began = now()
	tell(move_on_after(5, function()
		tell(move_on_after(10, sleep, 99))
	end), now() - began)
	tell(move_on_after(5, function()
		tell(move_on_after(3, sleep, 99), now() - began)
	end))
end), "false 5.0; false 8.0; true")
expect("B-26 N4: a child adds its sibling", told(function(n, tell)
	n:start(function()
		sleep(1)
		n:start(function() sleep(1) tell "the sibling" end)
	end)
end), "the sibling")

-- Channels
expect("B-41 P3: a rendezvous", told(function(n, tell)
	local ch = channel()
	n:start(function()
		for i = 1, 2 do
			ch:send(i)
			tell("sent", i)
		end
		ch:close()
	end)
	sleep(1)
	for x in ch do tell("received", x) end
	tell(ch:receive())
	tell(ch:send(3))
end), "sent 1; received 1; sent 2; received 2; nil closed; nil closed")

expect("B-41 P3: who waits longer is served first", told(function(n, tell)
	local ch = channel()
	for _, name in ipairs { "a", "b" } do n:start(function() tell(name, ch:receive()) end) end
	sleep(1)
	ch:send(1)
	ch:send(2)
	sleep(1)
	for i = 3, 4 do n:start(function() ch:send(i) end) end
	sleep(1)
	tell(ch:receive())
	tell(ch:receive())
end), "a 1; b 2; 3; 4")
expect("P3 C6: who is cancelled has taken nothing", told(function(_, tell)
	local ch = channel(1)
	tell(move_on_after(1, ch.receive, ch))
	ch:send "kept"
	tell(move_on_after(1, ch.send, ch, "not sent"))
	tell(ch:receive())
	tell(choose { ch, 0 })
end), "false; false; kept; 2")
expect("P3: what was sent before the end is received", told(function(_, tell)
	local ch = channel(2)
	ch:send(1)
	ch:send(2)
	ch:close()
	for x in ch do tell(x) end
	tell(ch:receive())
end), "1; 2; nil closed")
expect("N5: the ways in which a task ends", told(function(_, tell)
	pcall(nursery, function(n)
		local well, ill = n:start(function() return 1, nil, 3 end), n:start(sleep, 9)
		tell(well:join())
		tell(well:join())
		ill:cancel "enough"
		tell(ill.state, ill:join())
		tell(ill.state)
		local bad = n:start(fail, "V")
		tell(pcall(bad.join, bad))
		tell(bad.state)
	end)
end), "1 nil 3; 1 nil 3; running nil cancelled; cancelled; false V; failed")
expect("MW-1 P4: an empty body", told(function(_, tell)
	tell(move_on_when(function() sleep(99) end, function() end))
end), "true")
