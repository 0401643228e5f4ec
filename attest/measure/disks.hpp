#pragma once

#include "attest/measure/measure.hpp"

namespace immure::attest::measure {

/// The fields of a file that is measured as a whole: by what fs-verity says of it, or by all of its bytes.
Result<std::vector<Field>> file_fields(const OpenFile& file, const Progress& progress);

/// What each disk of a guest is known by.
class DiskMeasurer {
 public:
  /// All of these outlive it.
  DiskMeasurer(const policy::GuestRecord& record, const GuestFiles& files, const DiskReading& reading,
               verity::Crew& crew, const Progress& progress)
      : record_(record), files_(files), reading_(reading), crew_(crew), progress_(progress) {}

  Result<std::vector<Field>> fields_of(std::uint32_t index);

 private:
  Result<std::vector<Field>> by_tree(std::uint32_t index, const OpenFile& data);
  Result<const OpenFile*> opened(std::uint32_t index);

  const policy::GuestRecord& record_;
  const GuestFiles& files_;
  const DiskReading& reading_;
  verity::Crew& crew_;
  const Progress& progress_;
};

}  // namespace immure::attest::measure
