-- What loose tasks do wrong cannot be written here: the second error is not lost, the nap does not go on
-- behind one's back, and nothing complains at the end that nobody fetched it.

local tasks = {}

local function succeed() return "成功" end
local function value_error() error("ValueError", 0) end
local function type_error() error("TypeError", 0) end

local function nap()
	local woken <close> = setmetatable({}, { __close = function() print("おこされた", now()) end })
	print("長いコルーチン 開始")
	sleep(3)
	print("👶👶👶")
end

-- There is no way to start a task but in a nursery, and a nursery ends with its tasks.
local kept
local ok, err = pcall(nursery, function(n)
	kept = n
	for i, fn in ipairs { succeed, value_error, type_error, nap } do tasks[i] = n:start(fn) end
end)

local errors = { err.message }
for _, other in ipairs(err.errors) do errors[#errors + 1] = other.message end
print("errors=(" .. table.concat(errors, ", ") .. ")", now())
for _, task in ipairs(tasks) do print(task.state) end
print(pcall(function() kept:start(nap) end))
sleep(5)
print("完了", now())
