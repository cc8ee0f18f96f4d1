-- Libraries that are opened when they are first named, as if they had always been there.

local function try(what, f, ...)
	local ok, err = pcall(f, ...)
	print(what, ok, err)
end

try("near a library", function() return tabel end)
try("near a function", function() return randm end)

random = function() return "the script's own" end
print(random(), math.random(100), random())

function forget() math = nil end
forget()
try("what the script took away", function() return math end)

function replace() utf8 = "a function may replace a library" end
replace()
print(utf8)

local all = {}
for name, what in pairs(_G) do
	if type(what) == "table" then all[#all + 1] = name end
end
table.sort(all)
print(table.concat(all, " "))
print(rawget(_G, "coroutine") == coroutine, _G == _G._G, rawequal(_G, _ENV))
