#include "app/data_cli.hpp"

#include "core/time.hpp"

namespace tide {
namespace {

using Chosen = std::function<Result<ExitCode>()>;

// Adds commands with the options that several of them share.
class DataCommands {
  public:
    DataCommands(CLI::App& data, StoreDataOptions& options, Chosen& chosen)
        : data_(data), options_(options), chosen_(chosen) {}

    CLI::App* add(const char* name, const char* help, Result<ExitCode> (*command)(const StoreDataOptions&),
                  const char* example) {
        auto* sub = data_.add_subcommand(name, help);
        sub->add_option("--home", options_.home, "folder of the store and the journals")->type_name("DIR");
        sub->add_flag("--json", options_.json, "print one JSON document");
        sub->footer(std::string("Example: engine data ") + example);
        sub->callback([&chosen = chosen_, &options = options_, command] {
            chosen = [&options, command] { return command(options); };
        });
        return sub;
    }
    void add_series(CLI::App* sub) {
        sub->add_option("--symbol", options_.symbols, "only this symbol (repeatable)")->type_name("SYMBOL");
        sub->add_option("--timeframe", options_.timeframe, "only bars of this length: 1m 5m 15m 1h 1d")
            ->type_name("TF");
    }
    void add_data(CLI::App* sub) {
        sub->add_option("--data", options_.paths, "files or folders instead of the store (repeatable)")
            ->type_name("PATH");
    }
    void add_date(CLI::App* sub, const char* name, std::string& value, const char* help) {
        sub->add_option(name, value, help)
            ->check(
                [](const std::string& text) {
                    return parse_date(text) ? std::string() : "'" + text + "' is not a date YYYY-MM-DD";
                },
                "")
            ->type_name("DATE");
    }

  private:
    CLI::App& data_;
    StoreDataOptions& options_;
    Chosen& chosen_;
};

void add_transfer(DataCommands& commands, StoreDataOptions& o) {
    auto* import = commands.add("import", "bars, ticks or a session's journal into the store, all or nothing",
                                data_import_command, "import NIFTY_1m.csv.gz BANKNIFTY_1m.csv.gz");
    import->add_option("paths", o.paths, "files, folders or journals")->required()->type_name("PATH");
    import->add_flag("--lenient", o.lenient, "skip bad rows, and bars that differ from stored ones");
    import->add_flag("--replace", o.replace, "where a bar differs from the stored one, take the new one");
    auto* out = commands.add("export", "bars of the store as CSV or JSON, or the raw ticks of a journal as NDJSON",
                             data_export_command, "export --symbol NIFTY --timeframe 1m > NIFTY_1m.csv");
    commands.add_series(out);
    out->add_option("--ticks", o.journal, "the raw ticks of this journal")->type_name("JOURNAL");
    commands.add_date(out, "--from", o.from, "first date");
    commands.add_date(out, "--to", o.to, "last date");
    out->add_option("--out", o.out, "folder for the files (ticks: the file) instead of standard output")
        ->type_name("PATH");
}

void add_inspection(DataCommands& commands, StoreDataOptions& o) {
    auto* validate =
        commands.add("validate", "row by row: what is wrong with the store or with files; exit 1 if anything",
                     data_validate_command, "validate --data bars/ --all");
    commands.add_series(validate);
    commands.add_data(validate);
    validate->add_flag("--all", o.all, "every bad row, not only the first ten of a file");
    validate->add_option("--config", o.config_file, "configuration file: [data] says what is doubtful in --data")
        ->type_name("FILE");
    auto* gaps =
        commands.add("gaps", "missing sessions and minutes, by the calendar", data_gaps_command, "gaps --symbol NIFTY");
    commands.add_series(gaps);
    commands.add_data(gaps);
    gaps->add_flag("--lenient", o.lenient, "skip bad rows of --data");
    gaps->add_flag("--all", o.all, "every gap, not only the first five of a series");
    commands.add_series(
        commands.add("stats", "what the store holds: size, coverage, gaps, state", data_stats_command, "stats --json"));
}

void add_keeping(DataCommands& commands, StoreDataOptions& o) {
    auto* cleanup = commands.add("cleanup", "remove bars and journals that are older than their retention ([data])",
                                 data_cleanup_command, "cleanup --dry-run");
    cleanup->add_flag("--dry-run", o.dry_run, "only show it");
    cleanup->add_flag("--confirm", o.confirm, "yes, remove it");
    commands.add_date(cleanup, "--as-of", o.as_of, "count back from this date instead of today");
    cleanup->add_option("--config", o.config_file, "configuration file")->type_name("FILE");
    auto* backup = commands.add("backup", "a dated copy of the store with checksums", data_backup_command,
                                "backup --out monday-backup");
    backup->add_option("--what", o.what, "bars")->check(CLI::IsMember({"bars"}));
    backup->add_option("--out", o.out, "folder to make (default: backups/ in the home, by the time)")->type_name("DIR");
    auto* restore = commands.add("restore", "a backup into the store, after its checksums hold; all or nothing",
                                 data_restore_command, "restore data/backups/bars-20261118T101500Z");
    restore->add_option("backup", o.paths, "folder of the backup")->required()->expected(1)->type_name("DIR");
    restore->add_flag("--replace", o.replace, "overwrite files that differ");
    commands.add_series(commands.add("rebuild", "set damaged files aside and make them again from the journals",
                                     data_rebuild_command, "rebuild"));
    auto* synth = commands.add("synth", "days of the synthetic market as files", data_synth_command,
                               "synth --days 5 --seed 7 --out synthetic");
    synth->add_option("--days", o.days, "sessions, up to the last day")->check(CLI::Range(1, 250));
    synth->add_option("--seed", o.seed, "of the market (default: that of --feed synthetic)")
        ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 62U));
    synth
        ->add_option("--scenario", o.scenario, "of the last day, with knobs, as after --feed synthetic: (trend,vix=22)")
        ->type_name("NAME");
    commands.add_date(synth, "--to", o.to, "the last day (default: 2026-11-18)");
    synth->add_option("--out", o.out, "folder for the files")->required()->type_name("DIR");
    synth->add_flag("--ticks", o.ticks, "the last day as ticks, in the folder ticks/");
}

}  // namespace

void add_store_data_commands(CLI::App& data, StoreDataOptions& options, Chosen& chosen) {
    DataCommands commands(data, options, chosen);
    add_transfer(commands, options);
    add_inspection(commands, options);
    add_keeping(commands, options);
}

}  // namespace tide
