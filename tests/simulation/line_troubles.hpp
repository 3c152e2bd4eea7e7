#pragma once
#include <optional>
#include <vector>

#include "core/events.hpp"
#include "dice.hpp"
#include "scenario.hpp"

namespace tide::simulation {

// What is wrong with the line to the broker, and when: all of it decided before the day begins, all of it over when the
// broker turns honest.
//
// A mute line lets nothing through in either direction: no answer, no order update, no book. After a while the link
// notices it and says so, or it does not, if the line is back before. With HTTP errors the exchange goes on telling
// what happens, and requests are answered by a status of the broker's own.
class LineTroubles {
  public:
    explicit LineTroubles(const Scenario& scenario);

    bool mute(ReceiveTime now) const { return find(mutes_, now) != nullptr; }
    // It is mute, and the link will say when it is back.
    bool will_be_back(ReceiveTime now) const;
    // 403, 429 or one of 500; none: requests are taken.
    std::optional<int> http_status(ReceiveTime now) const;
    // No book can be read now, but then.
    std::optional<ReceiveTime> books_from(ReceiveTime now) const;

    // When the link next says that the line is down or back.
    std::optional<ReceiveTime> next_word() const;
    FeedState take_word();

  private:
    struct Episode {
        ReceiveTime from, until;
        ReceiveTime noticed;  // of a mute line; not before `until`: never
        int status = 0;       // of HTTP errors
    };
    struct Word {
        ReceiveTime at;
        FeedState state;
    };
    static const Episode* find(const std::vector<Episode>& episodes, ReceiveTime now);
    void plan_mutes(Dice dice);
    void plan_errors(Dice dice);

    const Scenario& scenario_;
    std::vector<Episode> mutes_, errors_;
    std::vector<Word> words_;
    size_t next_word_ = 0;
};

}  // namespace tide::simulation
