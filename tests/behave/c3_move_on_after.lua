-- A nap under a time limit of one second.

local function nap()
	print("長いコルーチン 開始")
	sleep(3)
	print("👶👶👶")
end

if not move_on_after(1, nap) then
	print("ちゃんとおきてね", now())
end
print("おわり")
