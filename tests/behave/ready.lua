-- start_ready: a child is started, and runs on in the nursery once it is ready.

local function serve(seconds, name)
	sleep(seconds)
	ready(name .. " is ready")
	sleep(10)
	print(name, "ends", now())
	return name
end

nursery(function(n)
	print(n:start_ready(serve, 1, "first"), now())
	print(n:start_ready(serve, 2, "second"), now())
end)
print("nursery ends", now())

-- Called directly it runs unchanged.
print(serve(0, "direct"))

local function outcome(fn)
	nursery(function(n)
		local ok, err = pcall(n.start_ready, n, fn)
		print(ok, ok and type(err) or err.message)
	end)
end

outcome(function() error "before" end)
outcome(function() return "no ready" end)
outcome(function() ready() end)
outcome(function() ready { x = 1 } pcall(nursery, function() error "inner" end) end)

-- After it is ready its error is the nursery's.
print(pcall(nursery, function(n)
	print(n:start_ready(function() ready(1) sleep(1) error("after", 0) end))
	sleep(99)
end))
print(pcall(nursery, function(n)
	n:start_ready(function() ready() ready() end)
end))

-- Before it is ready the starter's cancellation reaches it, after that the nursery's.
nursery(function(n)
	print(move_on_after(1, n.start_ready, n, function()
		local c <close> = setmetatable({}, { __close = function() print("cancelled", now()) end })
		sleep(99)
	end))
	move_on_after(1, function()
		n:start_ready(function() ready() sleep(2) print("goes on", now()) end)
		sleep(99)
	end)
	print("body ends", now())
end)
