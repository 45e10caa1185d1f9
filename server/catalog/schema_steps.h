// Newer steps of the schema, which schema.cc puts in order. Internal to catalog/.
#pragma once

namespace tapiary::server {

extern const char* const kEvidenceStep;
extern const char* const kAccessStep;
extern const char* const kCompletenessStep;
extern const char* const kTimePartsStep;
extern const char* const kAddressesStep;
extern const char* const kStartsStep;
extern const char* const kEndsStep;
extern const char* const kSourceRunsStep;
extern const char* const kUploadHoursStep;
extern const char* const kObjectDigestStep;
extern const char* const kSqlitePartsStep;
extern const char* const kMorePartsStep;
extern const char* const kReplacedTokensStep;

}  // namespace tapiary::server
