-- The same nap under a limit that is an error.

local function nap()
	print("長いコルーチン 開始")
	sleep(3)
	print("👶👶👶")
end

local ok, err = pcall(fail_after, 1, nap)
if not ok then
	print("err=" .. err.kind, now())
	print("ちゃんとおきてね")
end
print("おわり")
