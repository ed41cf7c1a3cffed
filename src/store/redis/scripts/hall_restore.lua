-- Restore: somebody who is in a hall says so. One that is not known has the members that are named.
-- KEYS: as in shared_hall.lua. ARGV: 1-2 as in shared_time.lua, 3 hall, 4 own entry, 5 when it was created, 6 its
-- version, then of each member: entry, name, address.
-- Answers {roster, '1' if something was changed by it, '0' otherwise}.
local hall, own = known(ARGV[3]), ARGV[4]
if not hall then
  hall = begin(ARGV[3], tonumber(ARGV[5]))
  for place = 7, #ARGV, 3 do
    push(hall, ARGV[place], ARGV[place + 1], ARGV[place + 2])
  end
  hall.version = math.max(tonumber(ARGV[6]) + 1, now)
  put(hall)
  return { roster(hall), '1' }
end
hall.version = math.max(hall.version, tonumber(ARGV[6]))
local news = false
for place = 7, #ARGV, 3 do
  local member = find(hall, 1, own)
  if ARGV[place] == own and member then
    news = member[5] ~= ARGV[place + 2]
    member[5] = ARGV[place + 2]
    renew(hall, member)
    if news then
      changed(hall)
    end
  elseif ARGV[place] == own and not find(hall, 4, ARGV[place + 1]) then
    news = true
    push(hall, own, ARGV[place + 1], ARGV[place + 2])
  end
end
put(hall)
return { roster(hall), news and '1' or '0' }
