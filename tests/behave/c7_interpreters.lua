-- Two interpreters count in parallel, once a second: this one, and one on a thread.

local function count_here()
	for i = 0, 4 do
		print("Main interpreter: " .. i)
		sleep(1)
	end
end

local function count_there()
	for i = 0, 4 do
		print(worker([[return "Sub-interpreter: " .. ...]], i))
		sleep(1)
	end
end

wait_all(count_here, count_there)
print("both are done", now())
