-- One succeeds, two fail at the same time, one would nap: both errors arrive, the nap is ended.

local function succeed() return "成功" end
local function value_error() error("ValueError()", 0) end
local function type_error() error("TypeError()", 0) end

local function nap()
	print("長いコルーチン 開始")
	sleep(3)
	print("👶👶👶")
end

local ok, err = pcall(nursery, function(n)
	n:start(succeed)
	n:start(value_error)
	n:start(type_error)
	n:start(nap)
end)
if not ok then print(("err.exceptions=(%s, %s)"):format(err, err.errors[1])) end
sleep(5)
print("閉園", now())
