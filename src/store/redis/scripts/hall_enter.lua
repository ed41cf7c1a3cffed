-- Enter: somebody comes into a hall; whoever is there by the same name goes.
-- KEYS: as in shared_hall.lua. ARGV: 1-2 as in shared_time.lua, 3 hall, 4 entry, 5 name, 6 address, 7 an earlier entry
-- of the same session, or '', 8 members that it may have, 9 halls that there may be.
-- Answers {'entered', roster, {entry, name, address} of the one who had the name, or false}, {'full'},
-- {'no_more_halls'}.
local name, entry, own_name, instead = ARGV[3], ARGV[4], ARGV[5], ARGV[7]
local hall = known(name)
if not hall then
  if call('ZCARD', creations) >= tonumber(ARGV[9]) then
    return { 'no_more_halls' }
  end
  hall = begin(name, now)
end
local own = find(hall, 1, entry)
local replaced = false
if own then
  renew(hall, own)
else
  local function goes(member)
    return member[1] == instead or member[4] == own_name
  end
  local others = 0
  for _, member in ipairs(hall.members) do
    others = others + (goes(member) and 0 or 1)
  end
  if others >= tonumber(ARGV[8]) then
    return { 'full' }
  end
  local former = find(hall, 4, own_name)
  replaced = former and { former[1], former[4], former[5] } or false
  remove(hall, goes)
  push(hall, entry, own_name, ARGV[6])
end
put(hall)
return { 'entered', roster(hall), replaced }
