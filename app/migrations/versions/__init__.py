"""Which steps lead to the present schema?"""
