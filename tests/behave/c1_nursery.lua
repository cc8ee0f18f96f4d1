-- Four children, each calling a grandchild, in one nursery.

local function grandchild()
	print("👶👶孫コルーチン こんにちは")
	sleep(0.1)
	print("👶👶 さようなら")
end

local function child()
	print("👶子コルーチン こんにちは")
	grandchild()
	print("👶 さようなら")
end

nursery(function(n)
	for _ = 1, 4 do n:start(child) end
end)
print("閉園", now())
