#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "barstore/data_set.hpp"
#include "barstore/file_transaction.hpp"
#include "barstore/json_bars.hpp"

namespace tide {

// What a bar of one source and the stored one of the same time disagree about.
struct BarConflict {
    std::string symbol;
    Bar stored, incoming;
};
enum class OnConflict : uint8_t {
    refuse,       // nothing is changed at all
    keep_stored,  // the stored bar stays
    replace,      // the incoming bar takes its place
};
struct SeriesMerge {
    std::string symbol;
    Timeframe timeframe = Timeframe::m1;
    int64_t added = 0, same = 0, conflicts = 0;
};
struct MergeReport {
    static constexpr size_t kConflictsKept = 10;
    std::vector<SeriesMerge> series;
    std::vector<BarConflict> conflicts;  // the first ten
    int64_t added = 0, same = 0, conflict_count = 0;
};

// A file of the store, as found in its folder.
struct StoredFile {
    std::string symbol;
    Timeframe timeframe = Timeframe::m1;
    std::filesystem::path path;  // relative to the root
    uint64_t bytes = 0;
    std::vector<std::filesystem::path> set_aside;  // "1m.json.corrupt-1", … beside it
    bool present = true;                           // false: only what was set aside is left
};

// Bars at rest: <root>/<symbol>/<timeframe>.json ("daily.json" for 1d), one documented file a series (json_bars.hpp,
// series_folder.hpp). Every change is of all its files or of none, whenever the process or the machine stops. Daily
// bars start at midnight in India of their date, weekly bars at that of their first day.
class BarStore {
  public:
    // `root` need not exist to be read. Finishes what an interrupted change left. Errors: io.
    static Result<BarStore> open(const std::filesystem::path& root, FileTransaction::StepHook hook = {});
    const std::filesystem::path& root() const { return root_; }

    // By symbol, then timeframe. Files and folders that are not the store's are left out. Errors: io.
    Result<std::vector<StoredFile>> list() const;
    // Relative to the root. Errors: usage (a symbol that no folder can be named after).
    static Result<std::filesystem::path> file_of(std::string_view symbol, Timeframe timeframe);
    // Errors: not_found, io, corrupt (also a file that is of another series than its place says), input (written by a
    // later engine).
    Result<JsonBarsFile> read_file(const StoredFile& file) const;
    // None when there is no such file.
    Result<std::optional<BarSeriesData>> read(std::string_view symbol, Timeframe timeframe) const;

    // Adds bars; a series may come in several parts. The same bar twice is fine; a volume or open interest that only
    // one of the two has is kept. Errors: mismatch (conflicts, with OnConflict::refuse: `report` has them; synthetic
    // bars into a recorded series or the other way; an unsound bar), io, corrupt (a stored file that is damaged).
    Result<void> merge(std::span<const BarSeriesData> incoming, OnConflict on_conflict, MergeReport& report);

    // A series as it shall be from now on, without bars: no file. What is damaged there is set aside first, as
    // "<name>.corrupt-<n>", never removed.
    struct Replacement {
        StoredFile file;
        BarSeriesData series;
        bool set_aside = false;
    };
    Result<void> replace(std::span<const Replacement> replacements);
    // Files as they are, by their path under the root: a restored backup.
    struct RawFile {
        std::filesystem::path path;
        std::string content;
    };
    Result<void> put_files(std::span<const RawFile> files);

  private:
    BarStore(std::filesystem::path root, FileTransaction::StepHook hook);
    std::filesystem::path free_name_aside(const std::filesystem::path& file) const;

    std::filesystem::path root_;
    FileTransaction::StepHook hook_;
};

// Where a bar starts in the store: as it is inside the day, midnight of its date (of its week's Monday) else.
ExchangeTime stored_start(const Bar& bar);
// Whether both say the same, as far as both say something.
bool agree(const Bar& a, const Bar& b);

}  // namespace tide
