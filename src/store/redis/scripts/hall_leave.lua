-- Leave: members of a hall are gone. With no member named: who is there?
-- KEYS: as in shared_hall.lua. ARGV: 1-2 as in shared_time.lua, 3 hall, then entries.
-- Answers {roster or false}.
local hall = known(ARGV[3])
if not hall then
  return { false }
end
local gone = {}
for place = 4, #ARGV do
  gone[ARGV[place]] = true
end
hall.changed = false
remove(hall, function(member) return gone[member[1]] end)
if hall.changed then
  put(hall)
end
return { roster(live(hall)) }
