#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "core/result.hpp"

namespace tide {

// A file's bytes, plain or gzip (told by its content), from its beginning to its end.
class InputFile {
  public:
    static constexpr size_t kChunk = 256 * 1024;  // a good size of a read

    // Errors: not_found (also for a folder), io.
    static Result<InputFile> open(const std::filesystem::path& file);
    InputFile(InputFile&&) noexcept;
    InputFile& operator=(InputFile&&) noexcept;
    ~InputFile();

    // How many bytes there were, at most `size`; 0 at the end. Errors: corrupt (broken gzip), io; their text is what
    // is wrong, without the file's name.
    Result<size_t> read(char* to, size_t size);
    const std::string& name() const { return name_; }

  private:
    struct Handle;
    InputFile(std::unique_ptr<Handle> handle, std::string name);
    std::unique_ptr<Handle> handle_;
    std::string name_;
};

}  // namespace tide
