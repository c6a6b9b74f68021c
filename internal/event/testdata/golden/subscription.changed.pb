
1.0subscription.changedbilling"chg-1*¹×ØÀ©Ó:2acct_42R4
sub_9chatteam (230:USD@R10Zbusinessbus