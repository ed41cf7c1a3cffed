-- Renew: these members live.
-- KEYS: as in shared_hall.lua. ARGV: 1-2 as in shared_time.lua, then hall and entry of each.
-- Answers of each the hall's version, or '' if the entry is not known.
local answers = {}
for place = 3, #ARGV, 2 do
  local hall = known(ARGV[place])
  local member = hall and find(hall, 1, ARGV[place + 1])
  if member then
    renew(hall, member)
    put(hall)
  end
  answers[#answers + 1] = member and whole(hall.version) or ''
end
return answers
