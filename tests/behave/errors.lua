-- Errors are objects that say what, where, in which task.

local function fails() error("oh") end

local ok, err = pcall(fails)
print(ok, err.message, err.kind, #err.errors)
print(err.traceback:match("errors.lua:%d+: in [^\n]*"))
print(select(2, pcall(error, { code = 7 })).code)
print(select(2, pcall(error, nil)))
print(pcall(function() local t = nil; return t.x end))

local ok, err = pcall(nursery, function(n)
	n:start(function() sleep(1) error("child", 0) end)
	n:start(function()
		local c <close> = setmetatable({}, { __close = function() error("sibling", 0) end })
		sleep(9)
	end)
	sleep(9)
end)
print(ok, err.message, err.errors[1].message, now())

local ok, err = pcall(nursery, function() error({ code = 8 }) end)
print(ok, err.kind, err.value.code)

-- A table that is raised stays what it is; where that was is told when it has left its task.
local stop = { code = 9 }
local function stops() error(stop) end
local ok, err = pcall(move_on_after, 1, stops)
print(ok, err == stop, next(err, "code"), getmetatable(err))
for _, raise in ipairs {
	function(n) n:start(function() stops() end) end,
	function() move_on_after(1, function() stops() end) end,
	function() pcall(move_on_after, 1, stops) error(stop) end,
	function() worker "local function w() error {} end\nw()" end,
} do
	local ok, err = pcall(nursery, function(n) raise(n) end)
	print(err.value == stop, err.traceback:match("[^\t\n]+:%d+: in [%l ]+'stops'[^\n]*") or
		err.traceback:match("traceback:\n\t([^:]+:%d+)"))
end

local ok, err = pcall(nursery, function(n)
	local t = n:start(function() error("joined", 0) end)
	print("join raises", pcall(t.join, t))
end)
print(ok, err)

local kept
nursery(function(n) kept = n end)
print(pcall(kept.start, kept, print))
print(pcall(fail_after, 0.5, sleep, 1))
print(xpcall(fails, function(e) return "handled " .. e.message end))
print(pcall(string.rep))

-- Wrong arguments are told where they are given.
for _, wrong in ipairs {
	function() wait_all(now, 3) end,
	function() wait_any() end,
	function() move_on_when(now) end,
	function() local e = Event() e.wait() end,
	function() nursery() end,
	function() sleep "x" end,
	function() AsyncValue(1):wait_valu(1) end,
	function() AsyncValue(1).value = nil end,
	function() fail_after(1, sleep, 2) end,
} do
	print(select(2, pcall(wrong)))
end
fails()
