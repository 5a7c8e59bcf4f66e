// The kernel's loop translated to C++, for comparison of speed only: same rule, same draws, same bits.
#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

constexpr int64_t NEVER = int64_t(1) << 40, LAST = INT64_MAX;
constexpr uint32_t STREAM_OUTAGE = 3, STREAM_KILL = 16;

struct Words { uint32_t at[4]; };

inline Words philox(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t x, uint32_t y) {
    for (int i = 0; i < 10; ++i) {
        const uint64_t p0 = uint64_t(0xD2511F53u) * a, p1 = uint64_t(0xCD9E8D57u) * c;
        a = uint32_t(p1 >> 32) ^ b ^ x;
        b = uint32_t(p1);
        c = uint32_t(p0 >> 32) ^ d ^ y;
        d = uint32_t(p0);
        x += 0x9E3779B9u;
        y += 0xBB67AE85u;
    }
    return {{a, b, c, d}};
}

struct Threat { int32_t night, cls, id, place, lane, tick; };
struct Pair { int32_t unit, open, close, flight, preference; };
struct Unit { int64_t channels, ready, reload, salvo, outage, outage_id, kind, supply; };
struct Battery { int64_t ready, store, soonest, channel, reload, pending; };

// A heap of queue keys: tick, then the threat's number in order of rank.
struct Queue {
    std::vector<int64_t> key;
    int size = 0;
    explicit Queue(int most) : key(most) {}
    void push(int64_t k) {
        int i = size++;
        while (i > 0) {
            const int parent = (i - 1) >> 1;
            if (key[parent] <= k) break;
            key[i] = key[parent];
            i = parent;
        }
        key[i] = k;
    }
    void sink(int64_t k) {
        int i = 0;
        for (;;) {
            int child = 2 * i + 1;
            if (child >= size) break;
            if (child + 1 < size && key[child + 1] < key[child]) ++child;
            if (key[child] >= k) break;
            key[i] = key[child];
            i = child;
        }
        key[i] = k;
    }
    void drop() {
        if (--size > 0) sink(key[size]);
    }
};

struct Raid {
    const Threat* threats; int count;
    const int64_t* pointer; const Pair* pairs;
    const Unit* units; int number;
    const uint64_t* kill; int kinds;
    uint32_t k0, k1;
};

struct Night {
    const Raid& raid;
    std::vector<Battery> battery;
    std::vector<int64_t> channels, reloads, shots, lined;
    std::vector<Words> luck;
    Queue queue;
    int width = 1, capacity = 1;

    explicit Night(const Raid& r)
        : raid(r), battery(r.number), shots(r.count), luck(r.count), queue(r.count + 1) {
        for (int u = 0; u < r.number; ++u) {
            width = std::max<int>(width, r.units[u].channels);
            capacity = std::max<int>(capacity, r.units[u].ready);
        }
        channels.resize(size_t(width) * r.number);
        reloads.resize(size_t(capacity) * r.number);
        for (int i = 0; i < r.count; ++i) {
            const Threat& t = r.threats[i];
            // Pairs are in order of opening: the first is where a threat is first looked at.
            if (r.pointer[t.lane] < r.pointer[t.lane + 1])
                lined.push_back(((int64_t(r.pairs[r.pointer[t.lane]].open) + t.tick) << 40) | (int64_t(i) << 20));
        }
        std::sort(lined.begin(), lined.end());
    }

    void rouse(uint32_t run, int unit) {
        const Unit& u = raid.units[unit];
        Battery& b = battery[unit];
        b.soonest = b.channel = b.reload = b.pending = 0;
        std::fill_n(&channels[size_t(unit) * width], u.channels, 0);
        if (u.channels == 0 || b.ready == 0) {
            b.soonest = NEVER;
        } else if (u.outage > 0) {
            const Words w = philox(run, 0, STREAM_OUTAGE, uint32_t(u.outage_id >> 2), raid.k0, raid.k1);
            if (w.at[u.outage_id & 3] < uint64_t(u.outage)) b.soonest = NEVER;
        }
    }

    const Pair* choose(int64_t tick, const Pair* begin, const Pair* end, int64_t now, uint32_t run) {
        const Pair* best = nullptr;
        for (const Pair* p = begin; p != end && tick + p->open <= now; ++p) {
            if (tick + p->close < now) continue;
            if (battery[p->unit].soonest < 0) rouse(run, p->unit);
            if (battery[p->unit].soonest > now) continue;
            if (!best || p->preference < best->preference) best = p;
        }
        return best;
    }

    int64_t soonest(int64_t tick, const Pair* begin, const Pair* end, int64_t now) const {
        int64_t first = NEVER;
        for (const Pair* p = begin; p != end; ++p) {
            const int64_t launch = std::max({tick + p->open, now, battery[p->unit].soonest});
            if (launch <= tick + p->close) first = std::min(first, launch);
        }
        return first;
    }

    // Fire a salvo; rounds fired, and whether one killed.
    int64_t fire(int64_t now, int64_t done, int unit, int i, uint32_t run, uint64_t chance, bool& hit) {
        const Unit& u = raid.units[unit];
        Battery& b = battery[unit];
        int64_t* ring = &reloads[size_t(unit) * capacity];
        while (b.pending > 0 && ring[b.reload] <= now) {
            b.reload = b.reload + 1 < u.ready ? b.reload + 1 : 0;
            --b.pending;
            ++b.ready;
        }
        const int64_t salvo = std::min(u.salvo, b.ready);
        b.ready -= salvo;
        Words w = luck[i];
        for (int64_t shot = 0; shot < salvo; ++shot) {
            if ((shot & 3) == 0 && (shots[i] > 0 || shot > 0))
                w = philox(run, raid.threats[i].id, uint32_t(STREAM_KILL + 2 * shots[i] + (shot >> 2)), 0, raid.k0, raid.k1);
            hit |= w.at[shot & 3] < chance;
            if (b.store > 0) {
                --b.store;
                const int64_t tail = b.reload + b.pending++;
                ring[tail < u.ready ? tail : tail - u.ready] = now + u.reload;
            }
        }
        int64_t* channel = &channels[size_t(unit) * width];
        int64_t slot = b.channel;
        const int64_t first = slot + 1 < u.channels ? slot + 1 : 0;
        while (slot != first) {
            const int64_t before = slot > 0 ? slot - 1 : u.channels - 1;
            if (channel[before] <= done) break;
            channel[slot] = channel[before];
            slot = before;
        }
        channel[slot] = done;
        b.soonest = std::max(channel[first], now);
        if (b.ready == 0) b.soonest = b.pending > 0 ? std::max(b.soonest, ring[b.reload]) : NEVER;
        b.channel = first;
        return salvo;
    }

    void fight(uint32_t run, uint8_t* killed, int64_t* tally) {
        for (Battery& b : battery) b.soonest = -1;
        for (int i = 0; i < raid.count; ++i) {
            killed[i] = 0;
            luck[i] = philox(run, raid.threats[i].id, STREAM_KILL, 0, raid.k0, raid.k1);
        }
        queue.size = 0;
        size_t at = 0;
        int64_t fired = 0, engagements = 0, steps = 0;
        for (;;) {
            int64_t top = queue.size > 0 ? queue.key[0] : LAST;
            const bool arrives = at < lined.size() && lined[at] < top;
            if (arrives) top = lined[at++];
            else if (queue.size == 0) break;
            ++steps;
            const int64_t now = top >> 40;
            const int i = int((top >> 20) & 0xFFFFF);
            if (arrives) shots[i] = 0;
            const Threat& t = raid.threats[i];
            const Pair *begin = raid.pairs + raid.pointer[t.lane], *end = raid.pairs + raid.pointer[t.lane + 1];
            int64_t again;
            if (const Pair* p = choose(t.tick, begin, end, now, run)) {
                const int64_t done = now + p->flight;
                bool hit = false;
                fired += fire(now, done, p->unit, i, run, raid.kill[t.cls * raid.kinds + raid.units[p->unit].kind], hit);
                ++engagements;
                ++shots[i];
                killed[i] = hit;
                again = hit ? NEVER : done;
            } else {
                again = soonest(t.tick, begin, end, now);
            }
            const int64_t key = (again << 40) | (int64_t(i) << 20);
            if (arrives) {
                if (again < NEVER) queue.push(key);
            } else if (again < NEVER) {
                queue.sink(key);
            } else {
                queue.drop();
            }
        }
        // Morning: pending reloads complete, launchers are topped up.
        for (int u = 0; u < raid.number; ++u) {
            Battery& b = battery[u];
            if (b.soonest < 0) continue;
            b.ready += b.pending;
            const int64_t top = std::min(raid.units[u].ready - b.ready, b.store);
            b.ready += top;
            b.store -= top;
        }
        tally[0] = fired;
        tally[1] = engagements;
        tally[2] = steps;
    }
};

}  // namespace

// Fight the raid of night 0 in so many runs, each with full launchers and stores; the tables are those of the kernel.
extern "C" void fight_runs(
    int64_t first, int64_t runs, const int64_t* key, const Threat* threats, int64_t count, const int64_t* pointer,
    const Pair* pairs, const Unit* units, const int64_t* stock, int64_t number, const uint64_t* kill, int64_t kinds,
    uint8_t* killed, int64_t* tally) {
    const Raid raid{threats, int(count), pointer, pairs, units, int(number), kill, int(kinds),
                    uint32_t(key[0]), uint32_t(key[1])};
    Night night(raid);
    for (int64_t run = 0; run < runs; ++run) {
        for (int u = 0; u < number; ++u) night.battery[u].ready = units[u].ready, night.battery[u].store = stock[u];
        night.fight(uint32_t(first + run), killed + run * count, tally + run * 3);
    }
}
