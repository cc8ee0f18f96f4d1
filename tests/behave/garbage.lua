-- Waiting for ever leaves no garbage that outgrows the heap.

local a, b, text = AsyncValue(0), AsyncValue(0), AsyncValue ""
nursery(function(n)
	n:start(function()
		for i = 1, 20000 do
			a:wait_value(ge(i))
			b.value = i
			text.value = "text " .. i
		end
	end)
	for i = 1, 20000 do
		a.value = i
		b:wait_value(function(x) return x >= i end)
		text:wait_value("text " .. i)
	end
end)
print(a.value, text.value, collectgarbage "count" < 2000)
