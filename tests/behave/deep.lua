-- Recursion through C ends in an error, not in the end of the daemon.

local function try(what, f)
	local ok, err = pcall(f)
	print(what, ok, tostring(err):match("C stack overflow") or err)
end

local function gsub(s) return (s:gsub(".", gsub)) end
local function index(t, k) return t[k .. "x"] end

try("gsub", function() return gsub("x") end)
try("pcall", function()
	local function f() local ok, e = pcall(f) if not ok then error(e) end end
	f()
end)
try("parser", function() return assert(load(("("):rep(5000) .. "1")) end)
try("close", function()
	local function nest(n)
		local co = coroutine.create(function()
			local c <close> = setmetatable({}, { __close = function()
				if n > 0 then coroutine.close(nest(n - 1)) end
			end })
			coroutine.yield()
		end)
		coroutine.resume(co)
		return co
	end
	assert(coroutine.close(nest(5000)))
end)
try("resume", function()
	local function f() assert(coroutine.resume(coroutine.create(f))) end
	f()
end)
try("lua", function() local function f() return 1 + f() end return f() end)

-- The same by way of every metamethod and every function that calls back.
local function meta(event, use)
	local mt = {}
	local x = setmetatable({}, mt)
	mt[event] = function() return use(x, setmetatable({}, mt)) end
	try(event, function() return use(x, setmetatable({}, mt)) end)
end

meta("__index", function(x) return x.y end)
meta("__newindex", function(x) x.y = 1 end)
meta("__add", function(x) return x + 1 end)
meta("__concat", function(x) return x .. "" end)
meta("__eq", function(x, y) return x == y end)
meta("__lt", function(x, y) return x < y end)
meta("__len", function(x) return #x end)
meta("__tostring", function(x) return tostring(x) end)
meta("__pairs", function(x) return pairs(x) end)
meta("__close", function(x) local c <close> = x end)
try("format", function()
	local mt = {}
	mt.__tostring = function(x) return ("%s"):format(x) end
	return ("%s"):format(setmetatable({}, mt))
end)
try("sort", function()
	local function less() table.sort({ 3, 2, 1 }, less) return false end
	less()
end)
try("wrap", function() local function f() coroutine.wrap(f)() end f() end)
try("xpcall", function()
	local function same(e) return e end
	local function f() local ok, err = xpcall(f, same) if not ok then error(err) end end
	f()
end)
try("load", function()
	local function f() load(f)() end
	f()
end)
try("nursery", function() local function f() nursery(f) end f() end)
try("move_on_after", function() local function f() move_on_after(1, f) end f() end)
try("batch", function() local function f() batch(f) end f() end)
try("blocks", function() return assert(load(("do "):rep(5000))) end)
try("functions", function() return assert(load(("return function() "):rep(5000))) end)
try("tables", function() return assert(load("return " .. ("{"):rep(5000))) end)
try("captures", function() return ("x"):find(("("):rep(500)) end)
try("optional", function() return ("x"):rep(500):find(("x?"):rep(500) .. "y") end)
print("still here")
