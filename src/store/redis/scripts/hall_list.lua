-- List: which halls are there, the newest first?
-- KEYS: as in shared_hall.lua. ARGV: 1-2 as in shared_time.lua, 3 how many are known already, 4 how many are told.
-- Answers {hall, roster, hall, roster, ...}.
local first = tonumber(ARGV[3])
local told = {}
for _, name in ipairs(call('ZREVRANGE', creations, first, first + tonumber(ARGV[4]) - 1)) do
  local hall = known(name)
  if hall then
    told[#told + 1] = name
    told[#told + 1] = roster(hall)
  end
end
return told
