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
