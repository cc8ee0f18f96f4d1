-- One works, two fail, one is long: every error is told, and nothing runs on behind one's back.

local function coro_success() return "success" end
local function coro_value_error() error("ValueError", 0) end
local function coro_type_error() error("TypeError", 0) end

local function coro_long()
	local ended <close> = setmetatable({}, {
		__close = function() print("coro_long: Task was cancelled.", now()) end,
	})
	sleep(1)
	print "coro_long: Task is still running."
end

-- As a group: the first error with the others attached, and the long one ends with them.
local ok, err = pcall(wait_all, coro_success, coro_value_error, coro_type_error, coro_long)
print(ok, err.message, #err.errors, err.errors[1].message)

-- Each for itself: errors are results.
local function guarded(fn)
	return function()
		local ok, result = pcall(fn)
		return ok and result or result.message
	end
end

print(wait_all(guarded(coro_success), guarded(coro_value_error), guarded(coro_type_error)))

-- Telling kinds of errors apart.
local ok, err = pcall(nursery, function(n)
	n:start(coro_type_error)
	n:start(coro_value_error)
end)
local seen = { err, table.unpack(err.errors) }
for _, e in ipairs(seen) do
	if e.message == "ValueError" then print("caught a ValueError") end
	if e.message == "TypeError" then print("caught a TypeError") end
end

-- To cancel is to ask: the task ends when it next runs.
nursery(function(n)
	local task = n:start(coro_long)
	sleep(0.5)
	task:cancel()
	print(task.state)
	print(task:join())
	print(task.state)
end)
print("DONE", now())
