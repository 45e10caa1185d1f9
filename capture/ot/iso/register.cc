#include "capture/ot/iso/register.h"

namespace tapiary::capture::iso {
namespace {

template <User user>
OtLook Judge(base::Bytes bytes, bool cut, bool) {
  const StreamLook look = LookAtStream(bytes, cut);
  if (look.look.verdict == OtVerdict::kYes && look.user != user) return OtLook::No();
  return look.look;
}

}  // namespace

OtRecognition RecogniseUser(const OtGuess& guess, User user) {
  switch (user) {
    case User::kS7:
      return RecogniseBy(guess, &Judge<User::kS7>);
    case User::kS7Plus:
      return RecogniseBy(guess, &Judge<User::kS7Plus>);
    case User::kMms:
      return RecogniseBy(guess, &Judge<User::kMms>);
    default:
      return RecogniseBy(guess, &Judge<User::kConnection>);
  }
}

const OtProtocol kProtocol = RowOf<User::kConnection>("cotp", {});

}  // namespace tapiary::capture::iso
