-- Numbers from a channel again, but each message sets only one of the two values.

local messages = channel()
local event1, event2 = AsyncValue "👶", AsyncValue "🍼"
local both = compose { event1 = event1, event2 = event2 }

local function continuously_watch()
	for v in both:eventual_values() do
		print(("doing something cute 🤖 v=CompositeValue(event1='%s', event2='%s')"):format(v.event1, v.event2))
	end
end

local function listen()
	for n in messages do
		print("Received message: " .. n)
		local event = n % 2 == 1 and event1 or event2
		event.value = ("I got %d"):format(n)
	end
	print("Connection closed")
	event1:close()
end

nursery(function(n)
	n:start(continuously_watch)
	n:start(listen)
	for _, number in ipairs { 1, 3, 3, 2, 4, 4, 1 } do
		sleep(1)
		messages:send(number)
	end
	sleep(1)
	messages:close()
end)
