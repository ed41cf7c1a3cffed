-- Put in front of every script about halls, after shared_time.lua.
-- KEYS of all of them: 1 halls by creation, 2 halls by the last end of a lease in them, 3 reserved ones by the end of
-- that, and the beginning of 4 halls. What follows it is a hall's name.
--
-- A hall is a hash: `created`, `version`, `reserved` (until when it is there with nobody in it), `order` (how many
-- ever entered), and of each member, by its entry, the end of its lease, its place in that order, its name and its
-- address: words with one space between.
local creations, ends, reservations = KEYS[1], KEYS[2], KEYS[3]
-- How long an entry counts as somebody's who lives after a renewal, and a hall is reserved, ms.
local LEASE, RESERVED = 30000, 300000
-- Halls that one operation looks at because their time may be over.
local SWEPT_AT_ONCE = 4
-- Every key goes a while after it was last written, s: the lists after a week, a hall long after its last lease.
local WEEK, HOUR = 604800, 3600

local function whole(number)
  return string.format('%.0f', number)
end

-- A hall that may be there, with those members who live. A member is {entry, lease, order, name, address}.
local function look(name)
  local hall = { name = name, key = KEYS[4] .. name, members = {}, version = 0, reserved = 0, order = 0 }
  local fields = call('HGETALL', hall.key)
  hall.known = fields[1] ~= nil
  for place = 1, #fields, 2 do
    local field, value = fields[place], fields[place + 1]
    if field == 'created' or field == 'version' or field == 'reserved' or field == 'order' then
      hall[field] = tonumber(value)
    else
      local lease, order, own_name, address = string.match(value, '^(%d+) (%d+) ([^ ]*) (.*)$')
      lease, order = tonumber(lease), tonumber(order)
      hall.members[#hall.members + 1] = { field, lease, order, own_name, address }
    end
  end
  table.sort(hall.members, function(one, other) return one[3] < other[3] end)
  return hall
end

local function changed(hall)
  hall.version = math.max(hall.version + 1, now)
  hall.changed = true
end

-- Takes those members out of whom `is_gone` says so.
local function remove(hall, is_gone)
  local kept = {}
  for _, member in ipairs(hall.members) do
    if is_gone(member) then
      call('HDEL', hall.key, member[1])
    else
      kept[#kept + 1] = member
    end
  end
  if #kept < #hall.members then
    hall.members = kept
    changed(hall)
  end
end

-- What is left of a hall once its dead are taken out; nothing if it is over.
local function live(hall)
  remove(hall, function(member) return member[2] <= now end)
  if hall.known and (#hall.members > 0 or hall.reserved > now) then
    return hall
  end
  if hall.known then
    call('UNLINK', hall.key)
    call('ZREM', creations, hall.name)
    call('ZREM', ends, hall.name)
  end
  return nil
end

local function set(hall, member)
  call('HSET', hall.key, member[1], table.concat({ whole(member[2]), whole(member[3]), member[4], member[5] }, ' '))
end

local function push(hall, entry, name, address)
  hall.order = hall.order + 1
  local member = { entry, now + LEASE, hall.order, name, address }
  hall.members[#hall.members + 1] = member
  set(hall, member)
  changed(hall)
end

local function find(hall, index, value)
  for _, member in ipairs(hall.members) do
    if member[index] == value then
      return member
    end
  end
  return nil
end

local function renew(hall, member)
  member[2] = now + LEASE
  set(hall, member)
end

-- Writes down what became of a hall that `look` or `begin` gave.
local function put(hall)
  if not live(hall) then
    return
  end
  local last = hall.reserved
  for _, member in ipairs(hall.members) do
    last = math.max(last, member[2])
  end
  call('HSET', hall.key, 'created', whole(hall.created), 'version', whole(hall.version),
    'reserved', whole(hall.reserved), 'order', whole(hall.order))
  call('EXPIRE', hall.key, HOUR)
  call('ZADD', creations, hall.created, hall.name)
  call('ZADD', ends, last, hall.name)
  call('EXPIRE', creations, WEEK)
  call('EXPIRE', ends, WEEK)
end

-- A hall that is there, or nothing.
local function known(name)
  local hall = look(name)
  local lives = live(hall)
  if lives and hall.changed then
    put(hall)
  end
  return lives
end

local function begin(name, created)
  local hall = look(name)
  hall.known, hall.created = true, created
  return hall
end

-- {created, version, {entry, name, address, ...}}
local function roster(hall)
  if not hall then
    return false
  end
  local members = {}
  for _, member in ipairs(hall.members) do
    members[#members + 1] = member[1]
    members[#members + 1] = member[4]
    members[#members + 1] = member[5]
  end
  return { whole(hall.created), whole(hall.version), members }
end

-- Clears halls away of which nobody lives.
for _, name in ipairs(call('ZRANGEBYSCORE', ends, '-inf', whole(now), 'LIMIT', 0, SWEPT_AT_ONCE)) do
  if not known(name) then
    call('ZREM', creations, name)
    call('ZREM', ends, name)
  end
end

