"""Sentences for what these refuse: ordersite.accounts, ordersite.places, tracking."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.INVALID_CREDENTIALS: _("The e-mail address or the password is wrong."),
    FaultCode.OTP_REQUIRED: _(
        "This account asks for a second step: send the code of your app, or a recovery code, too."
    ),
    FaultCode.INVALID_OTP: _(
        "This code is wrong, or was used before: send the next one of your app, or a recovery code."
    ),
    FaultCode.SECOND_STEP_STANDS: _("A second step is set up already: take it off first."),
    FaultCode.REFRESH_USED: _(
        "This refresh token was used before, so the session was ended for safety: sign in again."
    ),
    FaultCode.INVALID_LINK: _("The link was already used, is too old or incomplete: ask for a new one."),
    FaultCode.INVALID_CLEANED: _("{message}"),
    FaultCode.WRONG: _("Send the password that you registered with."),
    FaultCode.WRONG_PASSWORD: _("The password is wrong."),
    FaultCode.EMAIL_CONFIRMED: _("This e-mail address is already confirmed: sign in."),
    FaultCode.EMAIL_NOT_CONFIRMED: _("Confirm your e-mail address first: its link was mailed to you."),
    FaultCode.NOT_MERCHANT_ADMIN: _(
        "Only the owners and managers of a merchant see and create its tokens and webhooks."
    ),
    FaultCode.BUSY_PASSWORDS: _("Too many people are signing in at the moment: try again in a few seconds."),
    FaultCode.FORBIDDEN_RIGHT: _("Only for staff with the right {right}: ask an administrator for it."),
    FaultCode.THROTTLED_ATTEMPTS: _("Too many attempts: try again in {wait} seconds."),
    FaultCode.THROTTLED_PLACES: _("Too many addresses were looked up: try again in a minute."),
    FaultCode.REQUIRED_ADDRESS_TOO: _(
        "The address and its location change together, and no address is known for this location: send the address too."
    ),
    FaultCode.REQUIRED_LOCATION_TOO: _(
        "The address and its location change together, and no location is known for this address: send the "
        "location too."
    ),
    FaultCode.OTHER_PLACE: _(
        "The address is at {known.lat}, {known.lng} ({known.text}), but the location {sent.lat}, {sent.lng} "
        "is {metres} m away from it: send the address alone, or the address of that location."
    ),
    FaultCode.OTHER_PLACE_SAVED: _(
        "The address is at {known.lat}, {known.lng} ({known.text}), but the location {sent.lat}, {sent.lng} "
        "is {metres} m away from it: set the point of {api}/me/addresses/{id} right."
    ),
    FaultCode.SEVERAL_PLACES: _("This may mean several places: {texts}. Send one of these, or its location."),
}
