-- Looks through everything a pool has written and says what does not fit together. Answers a list of complaints.
local call, complaints = redis.call, {}
local function complain(...)
  complaints[#complaints + 1] = table.concat({ ... }, ' ')
end
local function of(key)
  local map, list = {}, call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for place = 1, #list, 2 do
    map[list[place]] = tonumber(list[place + 1])
  end
  return map, #list / 2
end

for _, tickets in ipairs(call('KEYS', '*}:tickets')) do
  local pool = string.sub(tickets, 1, -8)
  local leases, waiting = of(pool .. 'leases')
  local listed, queued, queues = 0, 0, 0
  for _, key in ipairs(call('KEYS', pool .. 'line:*')) do
    listed = listed + call('ZCARD', key)
  end
  for _, key in ipairs(call('KEYS', pool .. 'queue:*')) do
    queued = queued + call('ZCARD', key)
    local direction, bucket = string.match(key, 'queue:(.*):(.*)$')
    if not call('ZSCORE', pool .. 'heads:' .. direction, call('ZRANGE', key, 0, 0)[1] .. bucket) then
      complain('not the head of', key)
    end
    queues = queues + 1
  end
  for _, key in ipairs(call('KEYS', pool .. 'heads:*')) do
    queues = queues - call('ZCARD', key)
  end
  if queues ~= 0 then
    complain('heads without a queue')
  end
  if waiting ~= listed or waiting ~= queued then
    complain('leases, lines, queues:', waiting, listed, queued)
  end
  local all = call('HGETALL', tickets)
  for place = 1, #all, 2 do
    local ticket, value = all[place], all[place + 1]
    if string.sub(value, 1, 1) == '=' then
      local kept = call('HGET', pool .. 'proposals', string.sub(value, 2))
      local proposal = kept and cmsgpack.unpack(kept)
      if not proposal or proposal[3] ~= '' or (proposal[4][1] ~= ticket and proposal[5][1] ~= ticket) then
        complain('not part of its proposal:', ticket)
      end
    else
      local record = cmsgpack.unpack(value)
      if call('HGET', pool .. 'users', record[5]) ~= ticket then
        complain('not its user\'s:', ticket)
      end
      waiting = waiting - 1
      local queue, line = pool .. 'queue:' .. record[2] .. ':' .. record[3], pool .. 'line:' .. record[2]
      local place = string.sub(record[1], 1, 36)
      if not leases[ticket] or string.sub(place, 17) ~= ticket
        or not call('ZSCORE', queue, record[1]) or not call('ZSCORE', line, place) then
        complain('not where it should be:', ticket)
      end
    end
  end
  local users = call('HGETALL', pool .. 'users')
  for place = 1, #users, 2 do
    if call('HEXISTS', tickets, users[place + 1]) == 0 then
      complain('a user without a ticket:', users[place])
    end
  end
  if waiting ~= 0 then
    complain('leases without a ticket:', waiting)
  end
  if call('ZCARD', pool .. 'expiries') ~= call('HLEN', pool .. 'proposals') then
    complain('proposals without an end')
  end
end
for _, key in ipairs(call('KEYS', '*')) do
  if call('TTL', key) < 0 then
    complain('stays for ever:', key)
  end
end
return complaints
