-- The same with pcall around it: no error escapes the time limit, and pcall inside sees none.

local function nap()
	print("長いコルーチン 開始")
	local ok = pcall(sleep, 3)
	print("👶👶👶", ok)
end

local ok, err = pcall(move_on_after, 1, nap)
if not ok then print("err=" .. tostring(err)) end
print("おわり", now())
