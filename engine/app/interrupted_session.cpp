#include "app/interrupted_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "brokers/exchange_link.hpp"
#include "core/lines.hpp"
#include "journal/event_codec.hpp"
#include "journal/journal_reader.hpp"

namespace tide {
namespace {

namespace fs = std::filesystem;
constexpr size_t kEventsCompared = 300;  // of a feed: its instruments and the first of its history

std::string newest_paper_journal(const Paths& paths) {
    std::string newest;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(paths.journals(), ignored)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("paper-") && entry.path().extension() == ".journal")
            newest = std::max(newest, entry.path().string());
    }
    return newest;
}

void note_script(const ScriptEvent& script, ScriptBundle& open, std::vector<ScriptBundle>& all) {
    if (script.role == ScriptRole::module) open.modules.push_back({std::string(script.name), std::string(script.text)});
    if (script.role != ScriptRole::strategy) return;
    open.name = script.name;
    open.text = script.text;
    open.parameters = script.parameters;
    if (script.strategy.valid()) {
        all.resize(std::max<size_t>(all.size(), script.strategy.value()));
        all[script.strategy.value() - size_t(1)] = open;
    }
    open = {};
}

// Of whether a session starts in limited mode a resumed kill switch decides.
std::vector<std::string_view> settings_that_count(std::string_view text) {
    auto lines = lines_of(text);
    std::erase_if(lines, [](std::string_view line) { return line.starts_with("session.start_limited"); });
    return lines;
}

bool of_market_or_feed(const Event& event) {
    return is_market_event(event) || std::holds_alternative<FeedStatusEvent>(event.payload);
}

}  // namespace

Result<std::optional<InterruptedSession>> find_interrupted(const Paths& paths) {
    const std::string newest = newest_paper_journal(paths);
    if (newest.empty()) return std::optional<InterruptedSession>();
    auto reader = JournalReader::open(newest);
    if (!reader) return std::optional<InterruptedSession>();
    InterruptedSession found;
    found.journal = newest;
    found.name = fs::path(newest).stem().string();
    bool day = false;
    ScriptBundle open;
    JournalRecord record;
    for (;;) {
        const auto more = reader->next(record);
        if (!more && (!reader->damage() || !reader->damage()->torn_tail)) return std::optional<InterruptedSession>();
        if (!more || !*more) break;
        if (record.is_output()) {
            if (std::holds_alternative<SessionEnd>(record.output.payload)) return std::optional<InterruptedSession>();
            continue;
        }
        const EventPayload& event = record.event.payload;
        if (const auto* config = std::get_if<ConfigEvent>(&event)) found.config_text = config->text;
        if (const auto* script = std::get_if<ScriptEvent>(&event)) note_script(*script, open, found.scripts);
        const auto* begun = std::get_if<TradingDayEvent>(&event);
        day = day || (begun != nullptr && !begun->history);
    }
    found.events = reader->last_sequence();
    return day ? std::optional(std::move(found)) : std::nullopt;
}

std::string other_session(const InterruptedSession& session, const std::string& config_text,
                          const std::vector<ScriptBundle>& scripts) {
    const auto before = settings_that_count(session.config_text);
    const auto now = settings_that_count(config_text);
    const auto differs = std::mismatch(before.begin(), before.end(), now.begin(), now.end());
    if (differs.first != before.end() || differs.second != now.end()) {
        return fmt::format("its configuration had '{}', this one has '{}'",
                           differs.first == before.end() ? "" : *differs.first,
                           differs.second == now.end() ? "" : *differs.second);
    }
    const auto same_name = [](const ScriptBundle& a, const ScriptBundle& b) {
        return a.name == b.name && a.parameters == b.parameters;
    };
    if (!std::equal(session.scripts.begin(), session.scripts.end(), scripts.begin(), scripts.end(), same_name))
        return "it ran other strategies, or with other parameters";
    return {};
}

Result<bool> begins_alike(const InterruptedSession& session, Feed& feed) {
    auto reader = JournalReader::open(session.journal);
    if (!reader) return reader.error();
    JournalRecord record;
    std::string was, is;
    for (size_t compared = 0; compared < kEventsCompared;) {
        const auto more = reader->next(record);
        if (!more || !*more) break;
        if (record.is_output() || !of_market_or_feed(record.event)) continue;
        Event given;
        const auto has = feed.next(given);
        if (!has) return has.error();
        if (!*has) return false;
        was.clear();
        is.clear();
        given.sequence = record.event.sequence;
        given.received = record.event.received;  // which may have waited for what came before
        encode(record.event, was);
        encode(given, is);
        if (was != is) return false;
        const auto* day = std::get_if<TradingDayEvent>(&given.payload);
        if (day != nullptr && !day->history) break;  // from here on the feed follows the session
        ++compared;
    }
    return true;
}

Result<std::string> cut_and_keep_tail(const std::string& journal) {
    uint64_t kept = 0;
    {
        auto reader = JournalReader::open(journal);
        if (!reader) return reader.error();
        JournalRecord record;
        for (;;) {
            const auto more = reader->next(record);
            if (!more && (!reader->damage() || !reader->damage()->torn_tail)) return more.error();
            if (!more || !*more) break;
        }
        kept = reader->offset();
        if (kept == reader->file_bytes()) return std::string();
    }
    std::ifstream in(journal, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(kept));
    std::string aside;
    for (int number = 1; aside.empty() || fs::exists(aside); ++number)
        aside = fmt::format("{}.cut-{}", journal, number);
    std::ofstream out(aside, std::ios::binary);
    out << in.rdbuf();
    out.close();
    if (!out) return make_error(ErrorCode::io, fmt::format("cannot keep the cut end of {} in {}", journal, aside));
    auto cut = cut_torn_tail(journal);
    if (!cut) return cut.error();
    return fmt::format("journal {}: the last write was cut short after event {}: {} byte(s) cut off, kept in {}",
                       journal, cut->last_sequence, cut->cut_bytes, aside);
}

}  // namespace tide
