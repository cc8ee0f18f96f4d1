-- Heavy computation in a Lua state of its own, on a thread.

local fib = [[
	local n = ...
	local function fib(i) return i < 2 and i or fib(i - 1) + fib(i - 2) end
	return fib(n), "of " .. n
]]

print(worker(fib, 22))
print(select("#", worker "return"))
print(worker("local t, s = ... t.x = t.x + 1 return t, s, nil, true, #s", { x = 1, list = { 1, 2 } }, "text").x)
local null_too, nothing = worker("return ...", null, nil)
print(null_too == null, nothing == null)

-- Several at once.
print(wait_all(
	function() return (worker(fib, 20)) end,
	function() return (worker(fib, 21)) end))

-- What goes wrong is told where it was started.
local function try(...)
	local ok, err = pcall(worker, ...)
	print(ok, ok and tostring(err) or (err.message:gsub("0x%x+", "0x...")))
end

try("return 1 +")
try("\n\nerror 'oh'")
try("error { code = 5 }")
try("return pcall(error, 'caught', 0)")
try("return print")
try("return sleep(1)")
try("x = 1 return x")
try("return function() end")
try("return ...", function() end)
try("local t = {} for i = 1, 1e9 do t[i] = i end")
try("return ('x'):rep(1e9)")
-- Who notices first, Lua or its host, depends on the size of frames.
local ok, err = pcall(worker, "local function f() return (('x'):gsub('.', f)) end return f()")
print(ok, err.message:match "C stack overflow")
try("\27Lua")
try(7)
try(worker)

-- The error is that of the worker: its kind, its traceback, what it raised.
local ok, err = pcall(worker, "local function dig(n) if n == 0 then error 'rock' end dig(n - 1) end\ndig(2)")
print(err.kind, err.message, err.value, #err.errors)
print((err.traceback:gsub("%[C%][^\n]*\n", "")))
local ok, err = pcall(worker, "error { code = 5, list = { 1, 2 } }")
print(err.kind, err.value.code, #err.value.list)
local ok, err = pcall(worker, "local t = {} while true do t[#t + 1] = {} end")
print(err.kind, err)
local ok, err = pcall(worker, "return 1 +")
print(err.kind, err)

-- Cancellation does not wait for it, and nothing swallows it.
nursery(function(n)
	n:start(worker, "while true do pcall(function() while true do end end) end")
	sleep(0)
	n:cancel()
end)
print "left behind"

-- No more than some at once.
local ok, err = pcall(nursery, function(n)
	for _ = 1, 5 do n:start(function() worker(fib, 15) end) end
end)
print(ok, err)
