-- Append: adds a chat message and gives it its number, unless its writer has written it before.
-- KEYS: 1 room, 2 names, 3 messages. ARGV: 1-2 as in shared_time.lua, 3 writer, 4 content, 5 the writer's name
--   for it, 6 whether it has one ('1'), 7 the submission, 8 messages kept, 9 seconds a silent room is kept.
-- Answers {'added', number, at}, {'duplicate', number} or {'no_room'}.
--
-- `names` leads from a message to its number. One without a name of its own is there by its submission, and one
-- with a name together with it: a submission that is repeated because its answer was lost is told the same again.
local room, names, messages = KEYS[1], KEYS[2], KEYS[3]
local member = call('HMGET', room, 'a', 'b')
if ARGV[3] ~= member[1] and ARGV[3] ~= member[2] then
  return { 'no_room' }
end
local side = ARGV[3] == member[1] and 'a:' or 'b:'
local name = ARGV[6] == '1' and side .. ARGV[5] or 's:' .. ARGV[7]
local known = call('HGET', names, name)
if known then
  local number, submission = string.match(known, '^(%d+) (.*)$')
  if submission ~= ARGV[7] then
    return { 'duplicate', tonumber(number) }
  end
  local message = call('XRANGE', messages, number .. '-0', number .. '-0')
  return { 'added', tonumber(number), tonumber(message[1][2][6]) }
end
local number = call('HINCRBY', room, 'last', 1)
call('HSET', names, name, number .. ' ' .. ARGV[7])
local fields = { 'from', ARGV[3], 'content', ARGV[4], 'at', string.format('%.0f', now), 'key', name }
if ARGV[6] == '1' then
  fields[#fields + 1] = 'name'
  fields[#fields + 1] = ARGV[5]
end
call('XADD', messages, number .. '-0', unpack(fields))
if call('XLEN', messages) > tonumber(ARGV[8]) then
  local oldest = call('XRANGE', messages, '-', '+', 'COUNT', 1)[1]
  call('HDEL', names, oldest[2][8])
  call('XDEL', messages, oldest[1])
end
for _, key in ipairs(KEYS) do
  call('EXPIRE', key, ARGV[9])
end
return { 'added', number, now }
