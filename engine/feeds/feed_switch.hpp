#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/settings.hpp"
#include "feeds/feed.hpp"

namespace tide {

enum class FeedMode : uint8_t {
    fallback,   // one feed at a time: the first, or, while it is bad, the next good one
    redundant,  // all at once: of the same tick the first to come counts
};
std::string_view name_of(FeedMode mode);

struct FeedSwitchSettings {
    double switch_after_s = 10;  // silent or frozen for so long: bad
    double return_after_s = 60;  // good for so long: trusted again
    void register_in(SettingsRegistry& registry);
};

// Several feeds as one. The first is the primary; events are merged by time of receipt, ties in the order of the feeds.
//
// Instruments are matched by what they are (symbol and exchange; of options and futures the contract) and get ids of
// the switch's own; the first feed that announces one decides its terms, and gives its history. Trading days and day
// ends come once. A feed is bad inside a session when nothing fresh (a tick, bar, or, where ticks are stamped, a newer
// stamp) has come for `switch_after_s`, when it says that it is down, or when it has ended.
//
// fallback: only the active feed's market data passes. When it turns bad and another is good, that one takes over:
// FeedStatusEvent degraded. A better-placed feed that has been good for `return_after_s` takes over again: up (from the
// primary) or degraded. redundant: of every instrument the first good tick wins: the same stamp, price and volume from
// another feed is dropped, and so is a tick with an older stamp than one that has passed; of bars the first of each
// minute. A feed that turns bad or good again is told: degraded, up. When no feed is good, none is switched to; a down
// is passed on only when the last good one says so. All of this is in the events, so a journal replays it.
class FeedSwitch final : public Feed {
  public:
    struct Source {
        std::string name;  // for a person: "replay of …"
        std::unique_ptr<Feed> feed;
    };
    // `sources`: at least one. The settings must outlive the feed.
    FeedSwitch(std::vector<Source> sources, FeedMode mode, const FeedSwitchSettings& settings);
    ~FeedSwitch() override;
    Result<bool> next(Event& event) override;
    void want_bar_path(bool wanted) override;
    std::string describe() const override;

  private:
    class Merger;
    std::unique_ptr<Merger> merger_;
};

}  // namespace tide
