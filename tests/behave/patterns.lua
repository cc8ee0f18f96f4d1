-- Patterns mean what they mean in Lua, but none runs away.

print(("hello world"):find("o w"), ("hello"):find("l+"), ("a.b"):find(".", 1, true))
print(("key = value"):match("^(%w+)%s*=%s*(%w+)$"))
print(("2026-11-21"):match("(%d+)-(%d+)-(%d+)"))
print(("f(a(b)c)d"):match("%b()"), ("THE (quick) fox"):find("%((%a+)%)"))
print(("THE (quick) fox"):gsub("%f[%a]%a+", string.lower))
print(("abc"):gsub("", "-"), ("abc"):gsub("%w", "%0%0", 2), ("hello"):gsub("l", { l = "L" }))
print(("$name is $age"):gsub("%$(%w+)", { name = "nod", age = 3 }))
print(("x"):rep(3):gsub("x", function() return nil end))
for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do print(k, v) end
for at in ("a b"):gmatch("()%a") do print(at) end
for w in ("one two"):gmatch("%a*") do print("[" .. w .. "]") end
print(("'quoted'"):match("(['\"])(.-)%1"))
print(("abc"):find("b", -2), ("abc"):find("b", 10), ("a]b"):match("[]]"), ("a-z"):match("[a%-]+"))
print(("äöü"):len(), ("a\0b"):find("\0"), ("  trim  "):match("^%s*(.-)%s*$") .. "|")
print(("aaa"):match("a-$"), ("aXb"):match("%u"), ("x1"):match("^%D%d?$"), ("[x]"):match("[^%[%]]"))

local function try(what, f, ...)
	local ok, err = pcall(f, ...)
	print(what, ok, err)
end

try("catastrophe", string.find, ("a"):rep(300), ("a-"):rep(12) .. "b")
try("nested stars", string.match, ("a"):rep(3000), ".-.-.-.-b")
try("gsub", string.gsub, ("a"):rep(30000), "a*b", "")
try("bad set", string.find, "a", "[a")
try("bad escape", string.find, "a", "a%")
try("bad capture", string.find, "a", "(a")
try("bad index", string.find, "a", "%1")
try("captures", string.find, "a", ("()"):rep(33))
try("balance", string.find, "a", "%b")
try("replacement", string.gsub, "a", "a", "%2")
try("lying length", table.insert, setmetatable({}, { __len = function() return 1 << 40 end }), 1, 2)
try("huge move", table.move, {}, 1, 1e9, 2)
print(table.concat(table.move({ 1, 2, 3 }, 2, 3, 1), " "))
print(("long"):rep(20000):gsub("long", "short"):len())
