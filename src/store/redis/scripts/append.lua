-- Append: adds chat messages, in this order, and gives each its number, unless its writer has written it before.
-- KEYS: 1 room, 2 names, 3 messages. ARGV: 1-2 as in shared_time.lua, 3 messages kept, 4 seconds a silent room is
--   kept, then of each message: writer, content, the writer's name for it, whether it has one ('1'), the submission.
-- Answers of each {'added', number, at, number among the writer's own}, {'duplicate', entry} or {'no_room'}.
--
-- `names` leads from a message to its number. One without a name of its own is there by its submission, and one
-- with a name together with it: a submission that is repeated because its answer was lost is told the same again.
local room, names, messages = KEYS[1], KEYS[2], KEYS[3]
local member = call('HMGET', room, 'a', 'b')
local added = false

local function append(writer, content, own_name, is_named, submission)
  if writer ~= member[1] and writer ~= member[2] then
    return { 'no_room' }
  end
  local side = writer == member[1] and 'a:' or 'b:'
  local name = is_named == '1' and side .. own_name or 's:' .. submission
  local known = call('HGET', names, name)
  local number, first = string.match(known or '', '^(%d+) (.*)$')
  local message = number and call('XRANGE', messages, number .. '-0', number .. '-0')[1]
  if message and first == submission then
    return { 'added', tonumber(number), tonumber(message[2][6]), tonumber(message[2][10]) }
  elseif message then
    return { 'duplicate', message }
  end
  number = call('HINCRBY', room, 'last', 1)
  local own = call('HINCRBY', room, writer == member[1] and 'by_a' or 'by_b', 1)
  call('HSET', names, name, number .. ' ' .. submission)
  local at = string.format('%.0f', now)
  local fields = { 'from', writer, 'content', content, 'at', at, 'key', name, 'own', own }
  if is_named == '1' then
    fields[#fields + 1] = 'name'
    fields[#fields + 1] = own_name
  end
  call('XADD', messages, number .. '-0', unpack(fields))
  added = true
  return { 'added', number, now, own }
end

local answers = {}
for first = 5, #ARGV, 5 do
  answers[#answers + 1] = append(unpack(ARGV, first, first + 4))
end
if added then
  local more = call('XLEN', messages) - tonumber(ARGV[3])
  if more > 0 then
    for _, oldest in ipairs(call('XRANGE', messages, '-', '+', 'COUNT', more)) do
      call('HDEL', names, oldest[2][8])
      call('XDEL', messages, oldest[1])
    end
  end
  for _, key in ipairs(KEYS) do
    call('EXPIRE', key, ARGV[4])
  end
end
return answers
