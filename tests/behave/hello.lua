print("hello", now())
sleep(1.5)
print("later", now())
nursery(function(n)
	for i = 1, 2 do
		n:start(function(name)
			sleep(i)
			print(name, i, now())
		end, "child")
	end
end)
print("end", now())
