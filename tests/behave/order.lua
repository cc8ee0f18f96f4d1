-- The same script takes the same turns in every run: tables are gone through in the order of their keys.

local function keys(t)
	local list = {}
	for k in pairs(t) do list[#list + 1] = tostring(k) end
	local again = {}
	for k in next, t do again[#again + 1] = tostring(k) end
	assert(table.concat(list, " ") == table.concat(again, " "))
	return table.concat(list, " ")
end

print(keys { delta = 1, alpha = 2, charlie = 3, bravo = 4, ["alpha 2"] = 5, [""] = 6 })
print(keys { "a", "b", nil, "d", x = 1, [0] = 2, [-7] = 3, [2.5] = 4, [100] = 5, [-0.5] = 6 })
print(keys { [true] = 1, [false] = 2, z = 3, [3] = 4 })
print(keys { [math.mininteger] = 1, [math.maxinteger] = 2, [-2 ^ 63 - 2 ^ 12] = 3, [-math.huge] = 4, [math.huge] = 5 })
print(keys {}, next({}), next { 7 })

-- Many, so that they collide; found again whatever was there before.
local many, gone = {}, 0
for i = 1, 500 do many["key" .. i * 7919 % 500] = i end
for i = 100, 500 do many["key" .. i] = nil end
local first, last, n, sorted = nil, nil, 0, true
for k in pairs(many) do
	first, n = first or k, n + 1
	sorted = sorted and (not last or last < k)
	last = k
end
print(first, last, n, sorted)

-- What is cleared on the way is left out; what is changed is seen.
local t = { a = 1, b = 2, c = 3, d = 4, 10, 20, 30 }
for k, v in pairs(t) do
	print(k, v)
	if k == 1 then t[2] = nil end
	if k == "a" then t.b, t.c = nil, 33 end
	t[k] = nil
end
print(next(t))

-- Keys that have no order come last, each once.
local one, two = {}, function() end
local seen = {}
for k in pairs { [one] = 1, x = 2, [two] = 3, 4 } do seen[#seen + 1] = k end
print(#seen, seen[1], seen[2], seen[3] ~= seen[4], type(next({ [one] = 1 })))

-- A table's own way comes first, and what is no table is refused.
local mine = setmetatable({}, { __pairs = function(s) return function(_, k) return not k and "mine" or nil end, s, nil end })
for k in pairs(mine) do print(k) end
print(pcall(pairs, 5))
print(pcall(next, nil))
print(select("#", pairs {}))

-- So do the values that a table becomes.
local v = AsyncValue { zulu = 1, yankee = { 1, 2, kilo = 3, golf = 4 }, xray = 2 }
print(v)
