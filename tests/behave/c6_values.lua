-- Numbers from a channel, two values, their composition, and a loop over what it comes to.

local messages = channel()
local event1, event2 = AsyncValue "👶", AsyncValue "🍼"
local both = compose { event1 = event1, event2 = event2 }

local function watch()
	for v in both:eventual_values() do
		print(("v=CompositeValue(event1='%s', event2='%s')"):format(v.event1, v.event2))
	end
end

local function listen()
	for n in messages do
		local odd = n % 2 == 1
		event1.value = odd and ("👶 :%dを受け取ったよ"):format(n) or ""
		event2.value = odd and "" or ("🍼 :%dを受け取ったよ"):format(n)
	end
	print("Connection closed")
	event1:close()
end

nursery(function(n)
	n:start(watch)
	n:start(listen)
	for _, number in ipairs { 1, 3, 3, 2, 4, 4, 1 } do
		sleep(1)
		messages:send(number)
	end
	sleep(1)
	messages:close()
end)
