-- What a script does not find, and what it is told about it.

for _, name in ipairs { "io", "os", "debug", "package", "dofile", "loadfile", "warn" } do
	print(name, rawget(_G, name))
end
print("string.dump", string.dump, "math.randomseed", math.randomseed)
print("random is the same in every run", random(100), random(100), math.random(100))

local function try(what, f, ...)
	local ok, err = pcall(f, ...)
	print(what, ok, err)
end

try("near name", function() return slep(1) end)
try("no near name", function() return xyzzy end)
try("forgotten local", function() counter = 1 end)
try("__gc", setmetatable, {}, { __gc = function() end })
try("metatable of a value", function() return getmetatable(AsyncValue(1)).__gc end)
for _, name in ipairs { "__gc", "__index", "__newindex", "__metatable", "__name" } do
	try(name .. " of a value", function() return AsyncValue(1)[name] end)
	try(name .. " of a channel", function() return channel(1)[name] end)
	try(name .. " of a comparison", function() return gt(1)[name] end)
	nursery(function(n)
		try(name .. " of a nursery", function() return n[name] end)
		try(name .. " of a task", function() return n:start(sleep, 0)[name] end)
	end)
end
print("bytecode", load("\27Lua"))
print("text", load("return 1 + 1")())
print("syntax", load("return +", "=line"))
print("reader", load(coroutine.wrap(function()
	coroutine.yield "return "
	sleep(0.1)
	coroutine.yield "'pieces'"
	coroutine.yield ""
end))())
try("huge repetition", string.rep, "x", 1e9)
try("unknown value", value, "imu.rat")
try("world value", function() value("imu.rate").value = 3 end)
try("nil", function() AsyncValue(1).value = nil end)
try("function in a value", AsyncValue, print)
try("negative time", sleep, -1)
try("no function", nursery, 3)
try("option", function() AsyncValue(1):wait_value(2, { timeot = 1 }) end)

function helper() return "functions of a file may be global" end
print(helper())
